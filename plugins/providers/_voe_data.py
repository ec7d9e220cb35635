"""VOE's names as seen until July 2026, and what its pages say: data that goes stale within weeks.

No list of the names is complete. What counts is the catalogue's label; they only serve links without one.
"""

from __future__ import annotations

from anidana.core import Gone, NeedsPerson, NotReady, Refused

from ._verdict import Mark

MARKS: tuple[Mark, ...] = (
    ("an error occurred during encoding", Gone, "VOE could not encode the file"),
    ("encoding in progress", NotReady, "VOE is still encoding the file"),
    ("encoding-process", NotReady, "VOE is still encoding the file"),
    ("file is in the encoding queue", NotReady, "the file waits in VOE's encoding queue"),
    ("<title>maintenance mode", Refused, "VOE is under maintenance"),
    ("server overloaded, download temporary disabled", Refused, "VOE's server is overloaded"),
    ("the server of this file is currently over", Refused, "VOE's server is overloaded"),
    ("access to this file has been temporarily restricted", Refused, "VOE restricts access for now"),
    ("<title>ddos-guard", NeedsPerson, "DDoS-Guard stands before VOE"),
)

_SEEN = """
    voe.sx voe-unblock.com voe-unblock.net voeunblock.com un-block-voe.net voeunbl0ck.com voeunblck.com
    voeunblk.com voe-un-block.com jonathansociallike.com voeun-block.net v-o-e-unblock.com
    edwardarriveoften.com nathanfromsubject.com audaciousdefaulthouse.com launchreliantcleaverriver.com
    kennethofficialitem.com reputationsheriffkennethsand.com fittingcentermondaysunday.com
    lukecomparetwo.com housecardsummerbutton.com fraudclatterflyingcar.com wolfdyslectic.com
    bigclatterhomesguideservice.com uptodatefinishconferenceroom.com jayservicestuff.com
    realfinanceblogcenter.com tinycat-voe-fashion.com 35volitantplimsoles5.com
    20demidistance9elongations.com telyn610zoanthropy.com toxitabellaeatrebates306.com
    greaseball6eventual20.com 745mingiestblissfully.com 19turanosephantasia.com
    30sensualizeexpression.com 321naturelikefurfuroid.com 449unceremoniousnasoseptal.com
    guidon40hyporadius9.com cyamidpulverulence530.com boonlessbestselling244.com
    antecoxalbobbing1010.com matriculant401merited.com scatch176duplicities.com availedsmallest.com
    counterclockwisejacky.com simpulumlamerop.com paulkitchendark.com metagnathtuggers.com
    gamoneinterrupted.com chromotypic.com crownmakermacaronicism.com generatesnitrosate.com
    yodelswartlike.com figeterpiazine.com strawberriesporail.com valeronevijao.com timberwoodanotia.com
    apinchcaseation.com nectareousoverelate.com nonesnanking.com kathleenmemberhistory.com
    stevenimaginelittle.com jamiesamewalk.com bradleyviewdoctor.com sandrataxeight.com
    graceaddresscommunity.com shannonpersonalcost.com cindyeyefinal.com michaelapplysome.com
    sethniceletter.com brucevotewithin.com rebeccaneverbase.com loriwithinfamily.com roberteachfinal.com
    erikcoldperson.com jasminetesttry.com heatherdiscussionwhen.com robertplacespace.com
    alleneconomicmatter.com josephseveralconcern.com donaldlineelse.com lisatrialidea.com
    toddpartneranimal.com jamessoundcost.com brittneystandardwestern.com sandratableother.com
    robertordercharacter.com maxfinishseveral.com chuckle-tube.com kristiesoundsimply.com
    adrianmissionminute.com richardsignfish.com jennifercertaindevelopment.com diananatureforeign.com
    goofy-banana.com mariatheserepublican.com johnalwayssame.com kellywhatcould.com
    jilliandescribecompany.com lukesitturn.com mikaylaarealike.com christopheruntilpoint.com
    walterprettytheir.com crystaltreatmenteast.com lauradaydo.com smoki.cc lancewhosedifficult.com
    ogladaj.me dianaavoidthey.com jefferycontrolmodel.com marissasharecareer.com charlestoughrace.com
    ianrequireadult.com timmaybealready.com jessicayeahcatch.com kinoger.ru tubelessceliolymph.com
    urochsunloath.com yip.su alejandrocenturyoil.com bethshouldercan.com bryantenunder.com
    charlessheimprove.com cigarlessarefy.com ellenpoliticalfollow.com eugenemakedraw.com
    garylargeavailable.com heatherwholeinvolve.com jamesbornmain.com jeanprofessorcentral.com
    jennifereconomicgive.com jeremyparticipantanything.com johnfullwonder.com juliewomanwish.com
    katherineschoolphone.com kathyinformationwhether.com lindalastattack.com maryspecialwatch.com
    matthewhotelscience.com monorhinouscassaba.com nicolehappyoutside.com pamelachangemission.com
    phenomenalityuniform.com rebeccacostthousand.com rebeccapracticeloss.com richardquestionbuilding.com
    richardstorehalf.com sarahnewspaperbeat.com seanshowcould.com thomasalthoughhear.com
    troyyourlead.com vickisaveworker.com tummulerviolableness.com voe.pm
"""

DOMAINS = (*_SEEN.split(), *(f"voeunblock{number}.com" for number in range(1, 11)))
