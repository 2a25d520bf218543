using Retrieval.Domain.Errors;

namespace Retrieval.Search.Snapshots;

/// <summary>A further index was made with another bundle than the one that is served.</summary>
/// <param name="name">The index.</param>
/// <param name="fingerprint">Fingerprint of its bundle.</param>
/// <param name="served">Label of the bundle that is served.</param>
public sealed class OtherBundleException(string name, string fingerprint, string served)
    : RetrievalException($"index {name} was made with the bundle {fingerprint}, and {served} is served; expected an index of the same bundle");
