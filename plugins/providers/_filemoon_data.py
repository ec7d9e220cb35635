"""Filemoon's names, also Byse's, as seen until August 2026: data that goes stale within weeks."""

from __future__ import annotations

_NAMES = """
    f16px.com bysesayeveum.com bysetayico.com bysevepoin.com bysezejataos.com bysekoze.com
    bysesukior.com bysejikuar.com bysefujedu.com bysedikamoum.com bysebuho.com byse.sx filemoon.sx
    filemoon.to filemoon.in filemoon.link filemoon.wf cinegrab.com filemoon.eu filemoon.art
    moonmov.pro 96ar.com kerapoxy.cc furher.in 1azayf9w.xyz 81u6xl9d.xyz smdfs40r.skin c1z39.com
    bf0skv.org z1ekv717.fun l1afav.net 222i8x.lol 8mhlloqo.fun f51rm.com xcoic.com filemoon.nl
    boosteradx.online streamlyplayer.online bysewihe.com byselapuix.com embedplaybyse.top
    sb1254w9megshle.org streamlyplayero.online moflix-stream.link bysezoxexe.com byseqekaho.com
    weneverbeenfree.com subdrc.xyz
"""

DOMAINS = tuple(_NAMES.split())
