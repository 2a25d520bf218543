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

    /// <summary>When ready: a note for people, e.g. that the intended index was refused and the previous one is still served.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }
}
