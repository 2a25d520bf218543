using System.Text.Json.Serialization;

namespace Retrieval.Search.Queries;

/// <summary>What hits are ordered by.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RankBy>))]
public enum RankBy
{
    /// <summary>Both stages, as the bundle's ranking says; without a ranking, the score alone.</summary>
    [JsonStringEnumMemberName("both")]
    Both,

    /// <summary>The matching model's score alone.</summary>
    [JsonStringEnumMemberName("score")]
    Score,
}
