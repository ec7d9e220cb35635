var links={"hls3":"https://§cdn/hls3/01/05594/§{code}_n/master.txt","hls4":"/stream/§ticket/hjkrhuihghfvu/§end/§f/master.m3u8","hls2":"§source"};
jwplayer("vplayer").setup({
  sources: [{file:links.hls4||links.hls3||links.hls2,type:"hls"}],
  image: "https://§images/§{code}_xt.jpg",
  width: "100%",
  height: "100%",
  duration: "§duration",
  preload: 'auto',
  tracks: [{file:"/dl?op=get_slides&length=§duration&url=https://§images/§{code}0000.jpg",kind:"thumbnails"}],
  'qualityLabels':{"640":"360p"},
  abouttext: "§host",
  aboutlink: "https://§home",
  playbackRates: [0.25,0.5,0.75,1,1.25,1.5,2]
});
