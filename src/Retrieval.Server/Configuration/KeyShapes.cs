using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Retrieval.Server.Configuration;

/// <summary>
/// Finds values of the wrong shape, such as a list where a single value is expected. The framework's binder ignores them.
/// </summary>
internal static class KeyShapes
{
    private const string Section = "a section";
    private const string List = "a list";
    private const string Single = "a single value";

    /// <summary>What is wrong with the shape of a key's value; null for nothing. A single value is not repeated: it may contain a password.</summary>
    /// <param name="section">The key with its value.</param>
    /// <param name="type">The type of the option.</param>
    public static string? Fault(IConfigurationSection section, Type type)
    {
        var expected = Expected(type);
        return Found(section, expected) is { } found && found != expected ? $"{section.Path} is {found}; expected {expected}" : null;
    }

    private static string Expected(Type type) => KeyFaults.IsLeaf(type) ? Single : KeyFaults.IsList(type) ? List : Section;

    /// <summary>The shape that was found, null if empty. A key may have both a value and keys below it, from several sources: then the wrong one.</summary>
    private static string? Found(IConfigurationSection section, string expected)
    {
        // An empty list, section and text of a file look the same, so none of them is told apart here.
        var single = !string.IsNullOrEmpty(section.Value);
        string[] keys = [.. section.GetChildren().Select(child => child.Key)];
        if (keys.Length == 0 || (single && expected != Single))
        {
            return single ? Single : null;
        }

        return keys.All(key => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out _)) ? List : Section;
    }
}
