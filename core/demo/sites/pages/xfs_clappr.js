var player = new Clappr.Player({
  sources: ["§source"],
  preload: 'none',
  poster: "https://§images/i/07/03174/§{code}_xt.jpg",
  parentId: "#vplayer",
  chromecast: {media: {title: "§name"}, poster: "https://§images/i/07/03174/§{code}.jpg"}
});
