namespace Retrieval.Domain.Bundles;

/// <summary>What the values of an explainer's output mean.</summary>
public enum ExplainerKind
{
    /// <summary>Attention of one thing to others.</summary>
    Attention,

    /// <summary>How far a gate is open, 0 to 1.</summary>
    Gate,

    /// <summary>Shares of a summary.</summary>
    Weight,

    /// <summary>Anything else between things.</summary>
    Relation,

    /// <summary>How much a word or a region counts for the score.</summary>
    Importance,
}
