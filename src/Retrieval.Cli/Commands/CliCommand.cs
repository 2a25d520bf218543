using System.CommandLine;

namespace Retrieval.Cli.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class CliCommand(string name, string description) : Command(name, description)
{
    /// <summary>Whole command lines, as one would type them.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];
}
