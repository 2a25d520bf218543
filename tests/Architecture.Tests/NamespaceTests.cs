using System.Text.RegularExpressions;

namespace Architecture.Tests;

public sealed partial class NamespaceTests
{
    /// <summary>
    /// Each namespace, and those its files name by a <c>using</c>. What a namespace takes from the one it lies in needs none: a
    /// project's root may hold what all of it shares, beside what puts it together.
    /// </summary>
    private static readonly Dictionary<string, HashSet<string>> Uses = Read();

    [Fact]
    public void No_namespaces_use_each_other_in_a_circle()
    {
        Assert.True(Uses.Count > 50, $"{Uses.Count} namespaces were found");
        Assert.Equal("", string.Join(" -> ", FirstCircle()));
    }

    private static List<string> FirstCircle()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in Uses.Keys.Order(StringComparer.Ordinal))
        {
            if (Walk(start, [], done) is { } circle)
            {
                return circle;
            }
        }

        return [];
    }

    private static List<string>? Walk(string at, List<string> path, HashSet<string> done)
    {
        if (path.IndexOf(at) is >= 0 and var from)
        {
            return [.. path[from..], at];
        }

        if (!done.Add(at))
        {
            return null;
        }

        path.Add(at);
        var circle = Uses[at].Order(StringComparer.Ordinal).Select(next => Walk(next, path, done)).FirstOrDefault(found => found is not null);
        path.RemoveAt(path.Count - 1);
        return circle;
    }

    private static Dictionary<string, HashSet<string>> Read()
    {
        var sources = SourceTree.SourceFiles(".cs")
            .Where(path => Path.GetRelativePath(SourceTree.Root, path).StartsWith("src", StringComparison.Ordinal))
            .Select(File.ReadAllText)
            .Select(text => (Name: NamespaceOf().Match(text).Groups[1].Value, Text: text))
            .Where(source => source.Name.Length > 0)
            .ToList();
        var uses = sources.Select(source => source.Name).Distinct().ToDictionary(name => name, _ => new HashSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var (name, text) in sources)
        {
            uses[name].UnionWith(UsingOf().Matches(text).Select(match => match.Groups[1].Value).Where(used => used != name && uses.ContainsKey(used)));
        }

        return uses;
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceOf();

    [GeneratedRegex(@"^using (?:\w+ = )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingOf();
}
