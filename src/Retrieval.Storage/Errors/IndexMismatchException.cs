using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Errors;

/// <summary>An index that was built with another bundle, schema or format than the requested one.</summary>
public sealed class IndexMismatchException(string path, string what, string expected, string found)
    : RetrievalException($"index {path}: its {what} is {found}, expected {expected}. An index serves only the bundle it was built with; build a separate index for it")
{
    /// <summary>The index's folder.</summary>
    public string Path { get; } = path;

    /// <summary>What differs, e.g. <c>bundle fingerprint</c>.</summary>
    public string What { get; } = what;

    /// <summary>The requested value.</summary>
    public string Expected { get; } = expected;

    /// <summary>The index's value.</summary>
    public string Found { get; } = found;
}
