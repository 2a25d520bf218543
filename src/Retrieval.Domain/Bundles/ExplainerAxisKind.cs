namespace Retrieval.Domain.Bundles;

/// <summary>What an axis of an explainer's output runs over.</summary>
public enum ExplainerAxisKind
{
    /// <summary>The caption's tokens, with start and end.</summary>
    Words,

    /// <summary>The image's regions.</summary>
    Regions,

    /// <summary>One more than the words: node 0 is the whole pair, and node 1 + i is word i.</summary>
    Nodes,

    /// <summary>As many of something as the model has, whatever the pair: steps, channels, members.</summary>
    Fixed,
}
