namespace Retrieval.Inference.Scheduling;

/// <summary>Kinds of work, as metrics name them in the label <c>kind</c>.</summary>
internal static class WorkKinds
{
    /// <summary>Scoring pairs.</summary>
    public const string Score = "score";

    /// <summary>Encoding captions.</summary>
    public const string Encode = "encode";

    /// <summary>Exclusive use of the device.</summary>
    public const string Exclusive = "turn";
}
