using System.Text.Json;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>What a run found out about its source, for people.</summary>
/// <param name="Recognised">What the source's files were recognised as, and what could not be checked.</param>
/// <param name="Warnings">What people should look at.</param>
/// <param name="Reasons">The rejects by reason, the most frequent first.</param>
public sealed record CatalogFindings(IReadOnlyList<string> Recognised, IReadOnlyList<string> Warnings, IReadOnlyList<CatalogReason> Reasons)
{
    /// <summary>The most entries of each kind that are stored; those after them are left out.</summary>
    public const int MostEntries = 50;

    /// <summary>The most characters of a text that are stored; a longer one ends with an ellipsis there.</summary>
    public const int LongestText = 500;

    private static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web);

    /// <summary>Nothing.</summary>
    public static CatalogFindings None { get; } = new([], [], []);

    /// <summary>As the column holds it: bounded, without U+0000, which jsonb does not take.</summary>
    internal string ToJson() => JsonSerializer.Serialize(
        new CatalogFindings(
            [.. Recognised.Take(MostEntries).Select(Stored)],
            [.. Warnings.Take(MostEntries).Select(Stored)],
            [.. Reasons.Take(MostEntries).Select(reason => reason with { First = Stored(reason.First) })]),
        json);

    /// <summary>What a run left in the column; <see cref="None"/> where it left nothing.</summary>
    internal static CatalogFindings Of(string? text) => text is null ? None : JsonSerializer.Deserialize<CatalogFindings>(text, json) ?? None;

    private static CatalogReject Stored(CatalogReject reject) =>
        new(Stored(reject.Source), reject.Row, reject.Id is null ? null : Stored(reject.Id), Stored(reject.Reason));

    private static string Stored(string text)
    {
        text = text.Replace('\0', '\u2400');
        if (text.Length <= LongestText)
        {
            return text;
        }

        var end = LongestText - 1;
        return $"{text.AsSpan(0, char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)}…";
    }
}
