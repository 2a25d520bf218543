using System.Globalization;
using System.Text;

namespace Retrieval.Server.Metrics;

/// <summary>The text exposition format, version 0.0.4.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<Family> families)
    {
        var text = new StringBuilder(16 << 10);
        foreach (var family in families)
        {
            var series = family.Series.ToList();
            if (series.Count == 0)
            {
                continue;
            }

            text.Append("# HELP ").Append(family.Name).Append(' ').Append(EscapeHelp(family.Help)).Append('\n');
            text.Append("# TYPE ").Append(family.Name).Append(' ').Append(TypeOf(family.Kind)).Append('\n');
            foreach (var (labels, one) in series)
            {
                var (value, buckets) = one.Read();
                if (family.Kind == FamilyKind.Histogram)
                {
                    Histogram(text, family, labels, value, buckets);
                }
                else
                {
                    Sample(text, family.Name, "", labels, "", value);
                }
            }
        }

        return text.ToString();
    }

    private static void Histogram(StringBuilder text, Family family, string labels, double sum, long[] buckets)
    {
        var below = 0L;
        for (var i = 0; i < buckets.Length; i++)
        {
            below += buckets[i];
            var bound = i < family.Bounds.Length ? family.Bounds[i] : double.PositiveInfinity;
            Sample(text, family.Name, "_bucket", labels, $"le=\"{Number(bound)}\"", below);
        }

        Sample(text, family.Name, "_sum", labels, "", sum);
        Sample(text, family.Name, "_count", labels, "", below);
    }

    private static void Sample(StringBuilder text, string name, string suffix, string labels, string more, double value)
    {
        text.Append(name).Append(suffix);
        if (labels.Length > 0 || more.Length > 0)
        {
            text.Append('{').Append(labels).Append(labels.Length > 0 && more.Length > 0 ? "," : "").Append(more).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string TypeOf(FamilyKind kind) => kind switch
    {
        FamilyKind.Counter => "counter",
        FamilyKind.Gauge => "gauge",
        _ => "histogram",
    };
}
