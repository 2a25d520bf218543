using System.Text;

namespace Retrieval.Server.Metrics;

/// <summary>Names of instruments as Prometheus wants them: base units as suffixes, <c>_total</c> behind counters.</summary>
internal static class PrometheusNames
{
    /// <summary>Name of the family an instrument's measurements go into.</summary>
    public static string Family(string instrument, string? unit, FamilyKind kind)
    {
        var name = Sanitize(instrument);
        var suffix = Suffix(unit, kind);
        if (suffix.Length > 0 && !name.EndsWith(suffix, StringComparison.Ordinal))
        {
            name += suffix;
        }

        return kind == FamilyKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    /// <summary>A name of letters, digits and underscores that does not begin with a digit.</summary>
    public static string Sanitize(string name)
    {
        var result = new StringBuilder(name.Length + 1);
        foreach (var character in name)
        {
            result.Append(char.IsAsciiLetterOrDigit(character) ? character : '_');
        }

        if (result.Length == 0 || char.IsAsciiDigit(result[0]))
        {
            result.Insert(0, '_');
        }

        return result.ToString();
    }

    private static string Suffix(string? unit, FamilyKind kind) => unit switch
    {
        "s" => "_seconds",
        "ms" => "_milliseconds",
        "By" => "_bytes",
        "1" when kind == FamilyKind.Gauge => "_ratio",
        _ => "", // {pair}, {query}: what is counted is in the name already.
    };
}
