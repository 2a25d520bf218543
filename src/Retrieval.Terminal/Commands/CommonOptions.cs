using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Retrieval.Terminal.Commands;

/// <summary>Options shared by several commands.</summary>
public static class CommonOptions
{
    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json() => new("--json") { Description = "One JSON document on standard output" };

    /// <summary><c>--bundle</c>, required.</summary>
    public static Option<string> Bundle() => Folder("--bundle", "Folder of the bundle: the exported model");

    /// <summary><c>--index</c>, required.</summary>
    public static Option<string> Index() => Folder("--index", "Folder of the local index");

    /// <summary><c>--threads</c>.</summary>
    public static Option<int> Threads() => Whole("--threads", "Threads for one graph; 0 takes all cores", 0, 1024, 0);

    /// <summary>A required folder.</summary>
    public static Option<string> Folder(string name, string description) => new(name) { Description = description, HelpName = "DIR", Required = true };

    /// <summary>A required file.</summary>
    public static Option<string> File(string name, string description) => new(name) { Description = description, HelpName = "FILE", Required = true };

    /// <summary>A whole number within bounds, with a default.</summary>
    public static Option<int> Whole(string name, string description, int least, int most, int value) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => value,
        CustomParser = result => Parse(result, least, most) ?? value,
    };

    /// <summary>A whole number within bounds, or null.</summary>
    public static Option<int?> OptionalWhole(string name, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parse(result, least, most),
    };

    /// <summary>Whole numbers, separated by commas.</summary>
    public static Option<int[]> Wholes(string name, string description, int least, int most, params int[] values) => new(name)
    {
        Description = description,
        HelpName = "N,N,…",
        DefaultValueFactory = _ => values,
        CustomParser = result => ParseMany(result, least, most),
    };

    private static int[] ParseMany(ArgumentResult result, int least, int most)
    {
        var numbers = new List<int>();
        foreach (var part in result.Tokens[0].Value.Split(','))
        {
            if (Parse(result, part, least, most) is { } number)
            {
                numbers.Add(number);
            }
        }

        return [.. numbers];
    }

    private static int? Parse(ArgumentResult result, int least, int most) => Parse(result, result.Tokens[0].Value, least, most);

    /// <summary>One whole number within bounds; null, and an error of the argument, if the text is not one.</summary>
    public static int? Parse(ArgumentResult result, string text, int least, int most)
    {
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        var option = (result.Parent as OptionResult)?.Option.Name ?? "number";
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option} is '{text}'; expected a whole number from {least} to {most}"));
        return null;
    }
}
