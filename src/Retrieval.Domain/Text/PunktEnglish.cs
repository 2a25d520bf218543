using System.Collections.Frozen;

namespace Retrieval.Domain.Text;

/// <summary>
/// What Punkt learned of English, as NLTK distributes it (<c>punkt_tab/english</c>), as far as it matters to a text without
/// capitals: <see cref="PunktSentences"/> says why that is so little.
/// </summary>
internal static class PunktEnglish
{
    // The two in the last line are ours. NLTK's model does not know them and makes "e.g ." of "e.g.".
    private const string AbbreviationList = """
        a.a a.c a.d a.g a.h a.m a.m.e a.s a.t adm ala ariz aug ave b.f b.v bros c c.i.t c.o.m.b c.v calif chg cie co col
        colo conn corp cos ct d d.c d.h d.w dec dr e e.f e.h e.l e.m f f.g f.j feb fla fri ft g g.d g.f g.k ga gen h h.c h.f
        h.m i.m.s ill inc j.b j.c j.j j.k j.p j.r jan jr k kan ky l l.a l.f l.p lt ltd m m.b.a m.d.c m.j maj messrs mg mich
        minn mr mrs ms n n.c n.d n.h n.j n.m n.v n.y nev nov oct ok okla ore p p.a.m p.m pa ph.d prof r r.a r.h r.i r.j r.k
        r.t rep reps s s.a s.a.y s.c s.g s.p.a s.s sen sep sept sr st sw t t.j tenn tues u.k u.n u.s u.s.a u.s.s.r v va vs
        vt w w.c w.r w.va w.w wash wed wis yr
        e.g i.e
        """;

    private static readonly FrozenSet<string> Abbreviations =
        AbbreviationList.Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).Append(". . ").ToFrozenSet(StringComparer.Ordinal);

    // The only words that the model has seen at the beginning of a sentence in lower case and never with a capital.
    private static readonly FrozenSet<string> SmallBeginnings =
        FrozenSet.Create(StringComparer.Ordinal, "administrators", "b-week", "r-revised", "z-holiday");

    /// <summary>Whether a word is written with a full stop.</summary>
    /// <param name="word">In lower case, without its last full stop.</param>
    public static bool IsAbbreviation(string word) => Abbreviations.Contains(word) || Abbreviations.Contains(word[(word.LastIndexOf('-') + 1)..]);

    /// <summary>Whether a word in lower case may begin a sentence behind a number or an initial.</summary>
    public static bool MayBegin(string word) => SmallBeginnings.Contains(word);

    /// <summary>Whether a full stop between these two ends no sentence, whatever else is known of them: "no. 17". Ours as well.</summary>
    /// <param name="word">In lower case, without its full stop.</param>
    /// <param name="nextIsNumber">Whether a number is next.</param>
    public static bool IsCollocation(string word, bool nextIsNumber) => nextIsNumber && word == "no";
}
