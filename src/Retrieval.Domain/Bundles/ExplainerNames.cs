namespace Retrieval.Domain.Bundles;

/// <summary>The names that bundles and answers use for kinds of outputs and for axes.</summary>
public static class ExplainerNames
{
    /// <summary>E.g. <c>attention</c>.</summary>
    public static string ToName(this ExplainerKind kind) => kind switch
    {
        ExplainerKind.Attention => "attention",
        ExplainerKind.Gate => "gate",
        ExplainerKind.Weight => "weight",
        ExplainerKind.Relation => "relation",
        ExplainerKind.Importance => "importance",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of output"),
    };

    /// <summary>E.g. <c>words</c>. An axis of a fixed size has its size in a bundle, and the name <c>fixed</c> in answers.</summary>
    public static string ToName(this ExplainerAxisKind kind) => kind switch
    {
        ExplainerAxisKind.Words => "words",
        ExplainerAxisKind.Regions => "regions",
        ExplainerAxisKind.Nodes => "nodes",
        ExplainerAxisKind.Fixed => "fixed",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind of axis"),
    };
}
