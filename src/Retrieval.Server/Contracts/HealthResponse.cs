using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>A healthy state; an unhealthy one is a problem.</summary>
/// <param name="Status"><c>live</c> or <c>ready</c>.</param>
public sealed record HealthResponse(string Status)
{
    /// <summary>When ready: name of the model and the beginning of its fingerprint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>When ready: epoch of the index.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? IndexEpoch { get; init; }

    /// <summary>When ready: what a person should know all the same, e.g. that the index to be served is refused and the former one is served on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }
}
