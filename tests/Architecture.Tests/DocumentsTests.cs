using System.Text.RegularExpressions;

namespace Architecture.Tests;

public sealed partial class DocumentsTests
{
    [Fact]
    public void Types_named_in_the_architecture_document_exist()
    {
        var document = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "architecture.md"));
        var names = TypeName().Matches(document).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.True(names.Count > 10, "the document names types as `TypeName`");
        var declared = SourceTree.SourceFiles(".cs")
            .SelectMany(path => Declaration().Matches(File.ReadAllText(path)).Select(match => match.Groups[1].Value))
            .Concat(SourceTree.Projects.Keys).ToHashSet(StringComparer.Ordinal);
        Assert.All(names, name => Assert.Contains(name, declared));
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var broken = SourceTree.SourceFiles(".md").SelectMany(path => Link().Matches(File.ReadAllText(path))
            .Select(match => match.Groups[1].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            .Where(target => !Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, target)))
            .Select(target => $"{Path.GetRelativePath(SourceTree.Root, path)} -> {target}"));
        Assert.Empty(broken);
    }

    [GeneratedRegex(@"`([A-Z][a-z]+(?:[A-Z][a-z0-9]+)+)`")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum)\s+(?:struct\s+|class\s+)?([A-Z]\w+)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
