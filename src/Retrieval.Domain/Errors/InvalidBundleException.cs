namespace Retrieval.Domain.Errors;

/// <summary>A bundle that is incomplete, edited, of an unknown format, or that gives other results than recorded.</summary>
public sealed class InvalidBundleException(string bundle, string reason, Exception? innerException = null)
    : RetrievalException($"bundle {bundle}: {reason}", innerException)
{
    /// <summary>What was wrong, without the bundle's path.</summary>
    public string Reason { get; } = reason;
}
