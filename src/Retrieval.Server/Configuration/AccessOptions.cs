namespace Retrieval.Server.Configuration;

/// <summary>Who may do what. Without <see cref="KeyFile"/> and <see cref="JwtOptions.KeySet"/> everybody who reaches the port may do everything.</summary>
public sealed record AccessOptions
{
    /// <summary>What <see cref="WithoutKeys"/> has to be for a server that listens beyond loopback and asks nobody for a key.</summary>
    public const string Consent = "anyone-may-read-and-write";

    /// <summary>
    /// File of keys, which <c>retrieval keys new</c> writes: names, roles, salted hashes. Read again within seconds of a change.
    /// Empty for none.
    /// </summary>
    public string KeyFile { get; init; } = "";

    /// <summary>
    /// <c>anyone-may-read-and-write</c> lets a server without keys listen on addresses other than loopback. Otherwise empty.
    /// </summary>
    public string WithoutKeys { get; init; } = "";
}
