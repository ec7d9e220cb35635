window.pData = {
  isEmbed: '1',
  poster: "https://§images/i/01/07196/§{code}.jpg?v=§s",
  sourcesCode: [{ src: "§source", type: "video/mp4", label:"SD", res:"360"}],
  vtime: §duration,
  user_ip: '127.0.0.1',
  file_code: '§code',
  file_id: '§f',
  site_url: 'https://vidoza.net',
};
