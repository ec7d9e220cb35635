jwplayer("vplayer").setup({
  sources: [{file:"§source"}],
  image: "https://§images/§{code}_xt.jpg",
  width: "100%",
  height: "100%",
  stretching: "uniform",
  duration: "§duration",
  preload: 'metadata',
  androidhls: "true",
  tracks: [{file:"/dl?op=get_slides&length=§duration&url=https://§images/§{code}0000.jpg",kind:"thumbnails"},{file:"/srt/empty.srt",label:"Upload captions",kind:"captions"}],
  captions: {userFontScale:1,color:'#FFFFFF',fontFamily:"Tahoma",backgroundOpacity:30},
  'qualityLabels':{"640":"360p"},
  abouttext: "§host",
  aboutlink: "https://§home",
  cast: {}
});
var player = jwplayer();
player.on('play', function() { $.get('/dl?op=view&file_code=§code&hash=§f-127-0-§s&embed=1'); });
