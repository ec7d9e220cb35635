var player=new Playerjs({
  id: "playerjs",
  ready: "PlayerReady",
  duration: "§duration",
  poster: "https://§images/i/03/00000/§{code}.jpg",
  file: "§source",
  "subtitle": "[English]https://§images/vtt/03/00000/§{code}_eng.vtt,[German]https://§images/vtt/03/00000/§{code}_ger.vtt",
  "thumbnails": "https://§images/vtt/03/00000/§{code}_sli.vtt"
});
