using Retrieval.Inference;

namespace Retrieval.Search.Snapshots;

/// <summary>What a replica serves.</summary>
public sealed record SnapshotOptions
{
    /// <summary>Folder of the bundle, or of several, separated by semicolons: the one that the index was made with is used.</summary>
    public required string Bundle { get; init; }

    /// <summary>Folder of the local index.</summary>
    public required string Index { get; init; }

    /// <summary>How the model is run.</summary>
    public InferenceOptions Inference { get; init; } = new();
}
