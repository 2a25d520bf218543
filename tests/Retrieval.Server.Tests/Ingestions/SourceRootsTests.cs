using Retrieval.Domain.Errors;
using Retrieval.Server.Contracts;
using Retrieval.Server.Errors;
using Retrieval.Server.Ingestions;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Ingestions;

/// <summary>Nothing outside of the configured folders is opened, however it is named.</summary>
[Trait("Promise", "8")]
public sealed class SourceRootsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SourceRoots _roots;

    public SourceRootsTests()
    {
        Directory.CreateDirectory(_folder["data/inside/deep"]);
        Directory.CreateDirectory(_folder["data2/secret"]);
        Directory.CreateDirectory(_folder["second/there"]);
        File.WriteAllText(_folder["outside.tsv"], "x");
        File.WriteAllText(_folder["data/inside.tsv"], "x");
        _roots = new SourceRoots([_folder["data"], _folder["second"]]);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("inside", "data/inside")]
    [InlineData("inside/deep", "data/inside/deep")]
    [InlineData("inside.tsv", "data/inside.tsv")]
    [InlineData("there", "second/there")]
    public void What_lies_below_a_root_is_found(string relative, string expected)
    {
        var found = _roots.Find(relative, "f");

        Assert.Equal((_folder[expected], RealPath.Of(_folder[expected])), (found.Named, found.Real));
        Assert.Equal(relative, _roots.Public(found.Named));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../data2/secret")]
    [InlineData("inside/../../data2/secret")]
    [InlineData("inside/..")]
    [InlineData("./inside")]
    [InlineData("inside//deep")]
    [InlineData("inside/")]
    [InlineData("/etc")]
    [InlineData("//etc")]
    [InlineData("..\\data2")]
    [InlineData("..%2fdata2")]
    [InlineData("..%2Fdata2")]
    [InlineData("%2e%2e/data2")]
    [InlineData("inside%00")]
    [InlineData("in\0side")]
    [InlineData("in\nside")]
    [InlineData("nothing")]
    [InlineData("../data")]
    public void What_is_named_in_another_way_is_refused(string relative) =>
        Assert.Equal("f", Assert.Throws<InvalidInputException>(() => _roots.Find(relative, "f")).Field);

    [Fact]
    public void A_full_path_is_refused_even_below_a_root() =>
        Assert.Throws<InvalidInputException>(() => _roots.Find(_folder["data/inside"], "f"));

    [Fact]
    public void Links_are_followed_to_where_they_lead()
    {
        Link("data/to-outside", "data2/secret");
        Link("data/to-twin", "data2");
        Link("data/to-file", "outside.tsv");
        Link("data/to-inside", "data/inside/deep");
        Link("data/to-link", "data/to-outside");
        File.CreateSymbolicLink(_folder["data/relative"], "../data2/secret");
        File.CreateSymbolicLink(_folder["data/circle"], _folder["data/circle"]);
        File.CreateSymbolicLink(_folder["data/dangling"], _folder["nowhere"]);

        foreach (var outside in new[] { "to-outside", "to-twin", "to-twin/secret", "to-file", "to-link", "relative" })
        {
            Assert.Throws<ForbiddenException>(() => _roots.Find(outside, "f"));
        }

        Assert.Throws<InvalidInputException>(() => _roots.Find("circle", "f"));
        Assert.Throws<InvalidInputException>(() => _roots.Find("dangling", "f"));
        Assert.Equal(RealPath.Of(_folder["data/inside/deep"]), _roots.Find("to-inside", "f").Real);
    }

    [Fact]
    public void A_root_may_itself_be_a_link()
    {
        Link("link", "data");
        var roots = new SourceRoots([_folder["link"]]);

        Assert.Equal(RealPath.Of(_folder["data/inside"]), roots.Find("inside", "f").Real);
        Link("data/to-outside", "data2/secret");
        Assert.Throws<ForbiddenException>(() => roots.Find("to-outside", "f"));
    }

    [Fact]
    public void A_file_of_a_split_may_not_lead_out_either()
    {
        SplitFiles.Write(_folder["data/split"], 2);
        File.WriteAllText(_folder["secret.txt"], "one\ntwo\n");
        File.Delete(_folder["data/split/made_caps.txt"]);
        Link("data/split/made_caps.txt", "secret.txt");
        var order = new IngestionOrder { Source = new IngestionSourceRequest("split", SplitFiles.Split) };

        Assert.Throws<ForbiddenException>(() => order.Open(_roots, Features.Sources.FeatureExpectation.None));

        File.Delete(_folder["data/split/made_caps.txt"]);
        using var source = order.Open(_roots, Features.Sources.FeatureExpectation.None).Source;
        Assert.Equal(2, source.RowCount);
    }

    [Fact]
    public void A_root_that_is_not_there_yet_hides_nothing_of_the_others()
    {
        var roots = new SourceRoots([_folder["later"], _folder["data"]]);

        Assert.NotNull(roots.Find("inside", "f"));
    }

    private void Link(string from, string to) => File.CreateSymbolicLink(_folder[from], _folder[to]);
}
