using Retrieval.Domain.Errors;

namespace Retrieval.Search.Snapshots;

/// <summary>A request names an index that is not held.</summary>
/// <param name="name">The name.</param>
/// <param name="served">Name of the index that is served; null if it has none.</param>
/// <param name="further">Names of the further ones.</param>
public sealed class UnknownIndexException(string name, string? served, IReadOnlyList<string> further)
    : RetrievalException($"unknown index '{name}'; {Held(served, further)}")
{
    /// <summary>The name, as the caller gave it.</summary>
    public string Name { get; } = name;

    /// <summary>Which names there are, as a clause.</summary>
    public string Expected { get; } = Held(served, further);

    private static string Held(string? served, IReadOnlyList<string> further)
    {
        var names = string.Join(", ", further.Prepend(served).OfType<string>().Distinct());
        return served is null ? $"held are {(names.Length == 0 ? "no others than" : $"{names} and")} the one that is served, for which index is left out" : $"held are {names}";
    }
}
