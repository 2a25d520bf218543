namespace Retrieval.Server.Configuration;

/// <summary>The console: a page for people, served under <c>/</c>.</summary>
public sealed record ConsoleOptions
{
    /// <summary>Whether it is served.</summary>
    public bool Enabled { get; init; } = true;
}
