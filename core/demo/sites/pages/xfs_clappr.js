var player = new Clappr.Player({
	sources: ["§source"], 
	preload: 'none',
	poster: "https://§images/i/07/03174/§{code}_xt.jpg", 
	width: "100%",
    height: "100%",
    disableVideoTagContextMenu: true,
	parentId: "#vplayer"
	,plugins: {"core": [ChromecastPlugin]}
	,chromecast: { media: {title: "§name"}, poster: "https://§images/i/07/03174/§{code}.jpg" }
	});
var vvplay,vvad,x2ok=0;
player.on(Clappr.Events.PLAYER_PLAY, function() { doPlay(); });
