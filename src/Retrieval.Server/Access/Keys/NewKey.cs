namespace Retrieval.Server.Access.Keys;

/// <summary>What a key is to be.</summary>
/// <param name="Name">Its name, see <see cref="KeyName"/>.</param>
/// <param name="Roles">What it is good for, at least one.</param>
public sealed record NewKey(string Name, IReadOnlyList<Role> Roles)
{
    /// <summary>From when on it is refused; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Requests a second; null for the server's configured limit.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Pairs a second; null for the server's configured limit.</summary>
    public double? PairsPerSecond { get; init; }
}
