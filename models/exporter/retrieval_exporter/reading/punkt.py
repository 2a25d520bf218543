"""NLTK's sentence tokenizer with what its English model knows of text without capitals.

NLTK's package has the algorithm and not the model (`punkt_tab` is a download of its own). Of the model, only the
abbreviations and four words matter to lower-cased text. The service has the same list: PunktEnglish.cs. The tests of
both hold it against one file of captions.
"""

# Without the full stop. The last line is ours: NLTK's model does not know these two, and makes "e.g ." of "e.g.".
ABBREVIATIONS = """
a.a a.c a.d a.g a.h a.m a.m.e a.s a.t adm ala ariz aug ave b.f b.v bros c c.i.t c.o.m.b c.v calif chg cie co col
colo conn corp cos ct d d.c d.h d.w dec dr e e.f e.h e.l e.m f f.g f.j feb fla fri ft g g.d g.f g.k ga gen h h.c h.f
h.m i.m.s ill inc j.b j.c j.j j.k j.p j.r jan jr k kan ky l l.a l.f l.p lt ltd m m.b.a m.d.c m.j maj messrs mg mich
minn mr mrs ms n n.c n.d n.h n.j n.m n.v n.y nev nov oct ok okla ore p p.a.m p.m pa ph.d prof r r.a r.h r.i r.j r.k
r.t rep reps s s.a s.a.y s.c s.g s.p.a s.s sen sep sept sr st sw t t.j tenn tues u.k u.n u.s u.s.a u.s.s.r v va vs
vt w w.c w.r w.va w.w wash wed wis yr
e.g i.e
"""

# The only words that the model has seen at the beginning of a sentence in lower case and never with a capital.
SMALL_BEGINNINGS = ("administrators", "b-week", "r-revised", "z-holiday")


def sentence_tokenizer():
    """A PunktSentenceTokenizer for lower-cased English."""
    from nltk.tokenize import punkt

    parameters = punkt.PunktParameters()
    parameters.abbrev_types = {*ABBREVIATIONS.split(), ". . "}
    parameters.collocations = {("no", "##number##")}  # "no. 17"; ours as well
    for word in SMALL_BEGINNINGS:
        parameters.add_ortho_context(word, punkt._ORTHO_BEG_LC)
    return punkt.PunktSentenceTokenizer(parameters)
