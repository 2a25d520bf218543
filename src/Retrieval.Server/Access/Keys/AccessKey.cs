namespace Retrieval.Server.Access.Keys;

/// <summary>A key as its file describes it. The key itself is stored nowhere.</summary>
public sealed record AccessKey
{
    /// <summary>Name of the caller: letters, digits, <c>.</c>, <c>-</c> and <c>_</c>; no other key of the file has it.</summary>
    public required string Name { get; init; }

    /// <summary>The part of the key's text that finds it, 12 hexadecimal digits. Not secret.</summary>
    public required string Id { get; init; }

    /// <summary>What it is good for, at least one.</summary>
    public required IReadOnlyList<Role> Roles { get; init; }

    /// <summary>16 random bytes, hashed together with the secret.</summary>
    public required ReadOnlyMemory<byte> Salt { get; init; }

    /// <summary>SHA-256 of the salt followed by the secret's bytes.</summary>
    public required ReadOnlyMemory<byte> Hash { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>From when on it is refused, by the server's clock; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Requests a second, in place of <c>Callers:RequestsPerSecond</c>; 0 for no limit, null for the configured one.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Pairs a second, in place of <c>Callers:PairsPerSecond</c>; 0 for no limit, null for the configured one.</summary>
    public double? PairsPerSecond { get; init; }
}
