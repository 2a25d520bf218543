using System.Globalization;
using System.Text.RegularExpressions;

namespace Retrieval.Server.Tests.Metrics;

/// <summary>
/// A strict reader of the Prometheus text format 0.0.4. Refuses what <c>promtool check metrics</c> refuses: samples
/// without a type, families in pieces, doubled series, histograms that do not add up, bad names and escapes.
/// </summary>
internal sealed partial class Exposition
{
    private readonly Dictionary<string, string> _types = [];
    private readonly Dictionary<string, string> _helps = [];
    private readonly Dictionary<string, double> _samples = [];
    private readonly HashSet<string> _closed = [];
    private string? _open;

    public IReadOnlyDictionary<string, string> Types => _types;

    public IReadOnlyDictionary<string, string> Helps => _helps;

    /// <summary>Values by name and labels as they are written, and by the name alone where there are no labels.</summary>
    public IReadOnlyDictionary<string, double> Samples => _samples;

    public static Exposition Parse(string text)
    {
        var result = new Exposition();
        Check(text.EndsWith('\n') && !text.Contains('\r', StringComparison.Ordinal), "lines end with a line feed, the last one too", text[^Math.Min(20, text.Length)..]);
        foreach (var line in text[..^1].Split('\n'))
        {
            result.Line(line);
        }

        result.CheckHistograms();
        return result;
    }

    /// <summary>Sum of a family's samples; null if it has none.</summary>
    public double? Sum(string name)
    {
        var found = _samples.Where(sample => sample.Key == name || sample.Key.StartsWith(name + "{", StringComparison.Ordinal)).ToList();
        return found.Count == 0 ? null : found.Sum(sample => sample.Value);
    }

    private void Line(string line)
    {
        if (Meta().Match(line) is { Success: true } meta)
        {
            var name = meta.Groups["name"].Value;
            Open(name);
            if (meta.Groups["kind"].Value == "HELP")
            {
                Check(_helps.TryAdd(name, meta.Groups["text"].Value), "one HELP a family", line);
                Check(!BadHelpEscape().IsMatch(line), "only \\\\ and \\n are escaped in HELP", line);
            }
            else
            {
                Check(meta.Groups["text"].Value is "counter" or "gauge" or "histogram", "a known type", line);
                Check(_types.TryAdd(name, meta.Groups["text"].Value), "one TYPE a family", line);
            }

            return;
        }

        var sample = Sample().Match(line);
        Check(sample.Success, "a sample: name, labels, value", line);
        var family = FamilyOf(sample.Groups["name"].Value);
        Check(_types.ContainsKey(family) && _helps.ContainsKey(family), "HELP and TYPE before samples", line);
        Check(_open == family, "samples of a family together", line);
        var labels = Label().Matches(sample.Groups["labels"].Value).Select(match => match.Groups["name"].Value).ToList();
        Check(labels.Distinct().Count() == labels.Count, "no label twice", line);
        var value = sample.Groups["value"].Value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            var number => double.Parse(number, CultureInfo.InvariantCulture),
        };
        Check(_types[family] != "counter" || (family.EndsWith("_total", StringComparison.Ordinal) && value >= 0), "counters are called _total and are not negative", line);
        Check(_samples.TryAdd(line[..line.LastIndexOf(' ')].Replace("{}", "", StringComparison.Ordinal), value), "no series twice", line);
    }

    private void Open(string family)
    {
        if (_open != family)
        {
            Check(_closed.Add(family), "a family in one piece", family);
            _open = family;
        }
    }

    private string FamilyOf(string name)
    {
        foreach (var suffix in new[] { "_bucket", "_sum", "_count" })
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal) && _types.GetValueOrDefault(name[..^suffix.Length]) == "histogram")
            {
                return name[..^suffix.Length];
            }
        }

        return name;
    }

    private void CheckHistograms()
    {
        foreach (var family in _types.Where(type => type.Value == "histogram").Select(type => type.Key))
        {
            var series = _samples.Where(sample => sample.Key.StartsWith(family + "_bucket{", StringComparison.Ordinal))
                .GroupBy(sample => Le().Replace(sample.Key[(family.Length + 7)..], "").Replace("{}", "", StringComparison.Ordinal));
            foreach (var one in series)
            {
                var counts = one.Select(bucket => bucket.Value).ToList();
                var bounds = one.Select(bucket => Le().Match(bucket.Key).Groups["le"].Value).ToList();
                Check(counts.SequenceEqual(counts.Order()), "buckets are cumulative", family + one.Key);
                Check(bounds[^1] == "+Inf" && bounds.Count > 1, "the last bucket is +Inf", family + one.Key);
                var numbers = bounds.SkipLast(1).Select(bound => double.Parse(bound, CultureInfo.InvariantCulture)).ToList();
                Check(numbers.SequenceEqual(numbers.Order()), "bounds grow", family + one.Key);
                Check(_samples[family + "_count" + one.Key] == counts[^1], "the count is the last bucket", family + one.Key);
                Check(_samples.ContainsKey(family + "_sum" + one.Key), "there is a sum", family + one.Key);
            }
        }
    }

    private static void Check(bool holds, string rule, string where) => Assert.True(holds, $"{rule}: {where}");

    [GeneratedRegex(@"^# (?<kind>HELP|TYPE) (?<name>[a-zA-Z_][a-zA-Z0-9_]*) (?<text>.+)$")]
    private static partial Regex Meta();

    [GeneratedRegex("""^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)(\{(?<labels>[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*")*)?\})? (?<value>NaN|[+-]Inf|-?[0-9.]+(E[+-]?[0-9]+)?)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]|\\.)*"(,|$)""")]
    private static partial Regex Label();

    [GeneratedRegex(""",?le="(?<le>[^"]*)"(?=\}$)""")]
    private static partial Regex Le();

    [GeneratedRegex(@"(?<!\\)(\\\\)*\\[^\\n]")]
    private static partial Regex BadHelpEscape();
}
