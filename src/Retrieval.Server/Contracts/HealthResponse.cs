using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>A healthy state; an unhealthy one is a problem.</summary>
/// <param name="Status"><c>live</c> or <c>ready</c>.</param>
public sealed record HealthResponse(string Status)
{
    /// <summary>When ready: name of the model and the beginning of its fingerprint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>When ready: generation of the index.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? IndexEpoch { get; init; }
}
