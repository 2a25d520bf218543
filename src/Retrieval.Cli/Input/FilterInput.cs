using Retrieval.Domain.Images;

namespace Retrieval.Cli.Input;

/// <summary>
/// Reads conditions on metadata from the command line: <c>KEY=VALUE</c> takes that text and, where it reads as a number or boolean,
/// that value however it is written; <c>KEY&gt;=NUMBER</c>, <c>&gt;</c>, <c>&lt;</c> and <c>&lt;=</c> of one key together are one
/// range. Values and the range of one key are alternatives.
/// </summary>
internal static class FilterInput
{
    private static readonly Dictionary<string, string> Ends = new(StringComparer.Ordinal) { [">"] = "gt", [">="] = "gte", ["<"] = "lt", ["<="] = "lte" };

    /// <summary>Reads conditions.</summary>
    /// <param name="conditions">As they were given.</param>
    /// <param name="reason">Why they were refused, or null.</param>
    public static IReadOnlyDictionary<string, MetadataCondition>? Parse(IEnumerable<string> conditions, out string? reason)
    {
        var (values, ranges) = (new Dictionary<string, List<MetadataValue>>(StringComparer.Ordinal), new Dictionary<string, Dictionary<string, MetadataValue>>(StringComparer.Ordinal));
        foreach (var condition in conditions)
        {
            reason = Read(condition, values, ranges);
            if (reason is not null)
            {
                return null;
            }
        }

        reason = null;
        var filter = values.ToDictionary(entry => entry.Key, entry => MetadataCondition.Of(entry.Value), StringComparer.Ordinal);
        foreach (var (key, ends) in ranges)
        {
            if (ValueRange.Of(ends, out var fault) is not { } range)
            {
                reason = $"{key}: {fault}";
                return null;
            }

            var condition = filter.GetValueOrDefault(key) ?? new MetadataCondition();
            filter[key] = condition with { Ranges = [.. condition.Ranges, range] };
        }

        return filter;
    }

    private static string? Read(string condition, Dictionary<string, List<MetadataValue>> values, Dictionary<string, Dictionary<string, MetadataValue>> ranges)
    {
        var at = condition.AsSpan().IndexOfAny("<>=");
        if (at < 1)
        {
            return $"'{condition}'; expected KEY=VALUE, or KEY>=NUMBER and the like";
        }

        var key = condition[..at];
        var sign = condition[at] != '=' && at + 1 < condition.Length && condition[at + 1] == '=' ? condition.Substring(at, 2) : condition.Substring(at, 1);
        var text = condition[(at + sign.Length)..];
        if (key.EndsWith('!') || text.StartsWith('=') || text.StartsWith('<') || text.StartsWith('>'))
        {
            // Of another language. A text that begins so can be asked for over HTTP.
            return $"'{condition}'; expected KEY=VALUE, or KEY>=NUMBER, >, < or <=";
        }

        var number = MetadataValue.OfNumber(text, out var reason);
        if (sign == "=")
        {
            if (!values.TryGetValue(key, out var alternatives))
            {
                values[key] = alternatives = [];
            }

            alternatives.Add(MetadataValue.Of(text));
            if ((number ?? (text is "true" or "false" ? MetadataValue.Of(text == "true") : null)) is { } value)
            {
                alternatives.Add(value);
            }

            return null;
        }

        if (number is null)
        {
            return $"'{condition}': {reason}";
        }

        if (!ranges.TryGetValue(key, out var ends))
        {
            ranges[key] = ends = new Dictionary<string, MetadataValue>(StringComparer.Ordinal);
        }

        return ends.TryAdd(Ends[sign], number) ? null : $"'{condition}': {key}{sign} is given twice";
    }
}
