using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Errors;

/// <summary>An index that was built with another bundle, another schema or another format than the one asked for.</summary>
public sealed class IndexMismatchException(string path, string what, string expected, string found)
    : RetrievalException($"index {path}: its {what} is {found}, expected {expected}. An index serves only the bundle it was built with; build a separate index for it")
{
    /// <summary>The index's folder.</summary>
    public string Path { get; } = path;

    /// <summary>What differs, e.g. <c>bundle fingerprint</c>.</summary>
    public string What { get; } = what;

    /// <summary>The value asked for.</summary>
    public string Expected { get; } = expected;

    /// <summary>The value the index has.</summary>
    public string Found { get; } = found;
}
