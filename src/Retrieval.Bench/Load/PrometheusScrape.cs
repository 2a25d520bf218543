using System.Globalization;

namespace Retrieval.Bench.Load;

/// <summary>Series of the Prometheus text format 0.0.4. Of histograms, sums and counts are kept; buckets are left out.</summary>
internal sealed class PrometheusScrape
{
    /// <summary>Most series that are kept; any further ones are left out.</summary>
    public const int MostSeries = 4000;

    private readonly Dictionary<string, string> _kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);

    /// <summary>Values by name and labels, as written in the text; no labels and empty braces are equal.</summary>
    public IReadOnlyDictionary<string, double> Values => _values;

    /// <summary>Parses a scrape; a line that cannot be parsed is left out.</summary>
    public static PrometheusScrape Parse(string text)
    {
        var scrape = new PrometheusScrape();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var rest = line[7..];
                if (rest.IndexOf(' ') is > 0 and var space && scrape._kinds.Count < MostSeries)
                {
                    scrape._kinds[rest[..space].ToString()] = rest[(space + 1)..].Trim().ToString();
                }
            }
            else if (!line.IsEmpty && line[0] != '#' && scrape._values.Count < MostSeries)
            {
                scrape.Add(line);
            }
        }

        return scrape;
    }

    /// <summary>Name of a series without its labels.</summary>
    public static string Family(string series) => series.IndexOf('{', StringComparison.Ordinal) is >= 0 and var brace ? series[..brace] : series;

    /// <summary>Kind of a series: <c>counter</c>, <c>gauge</c>, <c>histogram</c> (its sum or count), or <c>untyped</c>.</summary>
    public string KindOf(string series)
    {
        var family = Family(series);
        if (_kinds.TryGetValue(family, out var kind))
        {
            return kind;
        }

        string[] suffixes = ["_sum", "_count"];
        return suffixes.Any(suffix => family.EndsWith(suffix, StringComparison.Ordinal) && _kinds.GetValueOrDefault(family[..^suffix.Length]) == "histogram")
            ? "histogram"
            : "untyped";
    }

    /// <summary>Sum of a family over its labels; null if it has no series.</summary>
    public double? Sum(string family)
    {
        double? sum = null;
        foreach (var (series, value) in _values)
        {
            if (Family(series) == family)
            {
                sum = (sum ?? 0) + value;
            }
        }

        return sum;
    }

    private void Add(ReadOnlySpan<char> line)
    {
        // Labels may contain spaces: the value follows the last brace or, if there is none, the first space.
        var name = line.LastIndexOf('}') is >= 0 and var brace ? brace + 1 : line.IndexOf(' ');
        if (name <= 0 || Family(line[..name].ToString()).EndsWith("_bucket", StringComparison.Ordinal))
        {
            return;
        }

        var value = line[name..].Trim();
        value = value.IndexOf(' ') is > 0 and var timestamp ? value[..timestamp] : value;
        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            var series = line[..name].ToString();
            _values[series.EndsWith("{}", StringComparison.Ordinal) ? series[..^2] : series] = number;
        }
    }
}
