using System.Text.Json.Serialization;

namespace Retrieval.Server.Errors;

/// <summary>Why a request was not answered, in the format of RFC 9457.</summary>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What was wrong and what was expected, for the person who has to fix it.</param>
public sealed record Problem(string Title, int Status, string Detail)
{
    /// <summary>Media type of a problem.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>The request member that is invalid, e.g. <c>top</c> or <c>pairs[3].imageId</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Field { get; init; }

    /// <summary>If the replica is not ready: why.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Reasons { get; init; }

    /// <summary>The trace id under which the server's log has more.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }

    /// <summary>When the same request may succeed, in seconds; null for the configured value.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Whether the same request may succeed a little later; the answer then has <c>Retry-After</c>.</summary>
    [JsonIgnore]
    public bool Retry => Status is 429 or 503;
}
