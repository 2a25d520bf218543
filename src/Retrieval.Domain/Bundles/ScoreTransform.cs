namespace Retrieval.Domain.Bundles;

/// <summary>What a scorer's graph gives of a pair: t(score), the value that rankings are made with.</summary>
public enum ScoreTransform
{
    /// <summary>The score itself.</summary>
    Identity,

    /// <summary>Its logit, ln(score / (1 - score)): it still orders scores that are 1 in float32.</summary>
    Logit,
}
