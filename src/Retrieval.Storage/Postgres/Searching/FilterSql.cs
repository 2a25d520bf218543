using System.Globalization;
using Retrieval.Domain.Images;

namespace Retrieval.Storage.Postgres.Searching;

/// <summary>
/// A filter as conditions of SQL over <c>i</c>, a row of <c>retrieval.image</c>. Whatever it asks for is a parameter: the statement
/// depends only on how many conditions there are of which kind.
/// </summary>
internal sealed class FilterSql
{
    private readonly List<object> _parameters = [];
    private readonly string _index;
    private readonly int _before;

    /// <param name="filter">Conditions that must all hold; null for none.</param>
    /// <param name="indexId">The index's number.</param>
    /// <param name="before">Number of parameters that stand before those of the filter.</param>
    public FilterSql(IReadOnlyDictionary<string, MetadataCondition>? filter, int indexId, int before)
    {
        (_index, _before) = (indexId.ToString(CultureInfo.InvariantCulture), before);

        // Ordered by kind, so that filters of the same kinds have one statement, which is prepared once.
        var conditions = (filter ?? new Dictionary<string, MetadataCondition>())
            .Select(condition => (Key: condition.Key, condition.Value.Texts, Ones: Ones(condition.Value), Ranges: Wide(condition.Value)))
            .OrderBy(condition => (condition.Texts.Count > 0, condition.Ones.Length > 0, condition.Ranges.Length))
            .Select(condition => Condition(condition.Key, condition.Texts, condition.Ones, condition.Ranges))
            .ToList();
        OfValues = conditions is [{ OfValues: { } single }] ? single : null;
        ForAll = string.Join(" and ", conditions.Select(condition => condition.ForAll));
        ForEach = string.Join(" and ", conditions.Select(condition => condition.ForEach));
    }

    /// <summary>The parameters, in order.</summary>
    public IReadOnlyList<object> Parameters => _parameters;

    /// <summary>Whether there is no condition.</summary>
    public bool IsEmpty => ForAll.Length == 0;

    /// <summary>For finding images: the planner may begin with what matches.</summary>
    public string ForAll { get; }

    /// <summary>For checking one image at a time: its own values are looked up.</summary>
    public string ForEach { get; }

    /// <summary>Selects the row numbers of the values that match, if the filter is one condition on values alone; else null.</summary>
    public string? OfValues { get; }

    private static string[] Ones(MetadataCondition condition) => [.. condition.Ranges.Where(range => range.IsOne).Select(range => range.From)];

    private static ValueRange[] Wide(MetadataCondition condition) => [.. condition.Ranges.Where(range => !range.IsOne)];

    private (string ForAll, string ForEach, string? OfValues) Condition(string key, IReadOnlyList<string> texts, string[] ones, ValueRange[] ranges)
    {
        var values = new List<string>();
        if (ones.Length > 0)
        {
            values.Add($"v.value = any({Parameter(ones.Select(order => SortedValues.Of(key, order)).ToArray())}::text[])");
        }

        values.AddRange(ranges.Select(range => $"v.value >= {Parameter(SortedValues.Of(key, range.From))} and v.value < {Parameter(SortedValues.Of(key, range.Before))}"));

        // The index by value has the row number and nothing else, and alone answers a search for all; the one by row begins with the index.
        var ofValues = $"select v.row_no from retrieval.image_value_{_index} v where ({string.Join(" or ", values)})";
        var exists = $"exists ({ofValues} and v.index_id = {_index} and v.row_no = i.row_no)";
        if (values.Count > 0 && texts.Count == 0)
        {
            return ($"i.row_no in ({ofValues})", exists, ofValues);
        }

        var tags = $"i.tags && {Parameter(texts.Select(text => Tags.Of(key, text)).ToArray())}::text[]";
        if (values.Count == 0)
        {
            return (tags, tags, null);
        }

        // As one set of images each kind has its own index; as alternatives of one row neither would be used.
        var tagged = $"select t.row_no from retrieval.image_{_index} t where t.index_id = {_index} and t{tags[1..]}";
        return ($"i.row_no in ({tagged} union all {ofValues})", $"({tags} or {exists})", null);
    }

    private string Parameter(object value)
    {
        _parameters.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${_before + _parameters.Count}");
    }
}
