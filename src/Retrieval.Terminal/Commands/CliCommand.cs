using System.CommandLine;

namespace Retrieval.Terminal.Commands;

/// <summary>A command whose help ends with examples.</summary>
/// <param name="name">The word to type.</param>
/// <param name="description">Description in the help.</param>
#pragma warning disable CA1010 // The library's commands are enumerable only so that a list of commands can be written behind new.
public sealed class CliCommand(string name, string description) : Command(name, description)
#pragma warning restore CA1010
{
    /// <summary>Complete command lines, as a user would type them.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];
}
