using Retrieval.Domain.Errors;

namespace Retrieval.Server.Configuration;

/// <summary>The configuration cannot be used. Every fault is listed, each with the key to change.</summary>
public sealed class InvalidConfigurationException(IReadOnlyList<string> faults)
    : RetrievalException($"the configuration has {faults.Count} fault{(faults.Count == 1 ? "" : "s")}: {string.Join("; ", faults)}")
{
    /// <summary>The faults, in the order of the sections.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
