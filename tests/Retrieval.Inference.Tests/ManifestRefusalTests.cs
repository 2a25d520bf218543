using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Tests;

/// <summary>What <c>bundle.json</c> may not say, and that all of it is told at once.</summary>
[Trait("Promise", "10")]
public sealed class ManifestRefusalTests
{
    [Fact]
    public void An_edited_manifest_is_another_bundle()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest["name"] = "somebody-elses");
        using var model = bundle.Load();

        Assert.NotEqual(Bundles.Model(Bundles.Fast).Fingerprint, model.Fingerprint);
        Assert.StartsWith("somebody-elses@", model.Label, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"format\": \"retrieval-bundle/1\"")]
    [InlineData("{\"format\": 1}")]
    [InlineData("{\"format\": \"\\ud800\"}")]
    [InlineData("{\"files\": {\"\\udc00\": {}}}")]
    [InlineData("{\"records\": {\"image\": [{\"name\": \"\\ud800\", \"shape\": [\"\\ud800\", 1]}]}}")]
    public void A_manifest_that_is_none_is_refused(string text)
    {
        using var bundle = new BundleCopy();
        File.WriteAllText(bundle["bundle.json"], text);
        bundle.Refused("bundle.json");
    }

    [Fact]
    public void A_manifest_of_bytes_that_are_no_text_is_refused()
    {
        using var bundle = new BundleCopy();
        bundle.Edit("bundle.json", bytes => [.. System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(bytes).Replace("camp-gate-fusion-new-concat", "caf\u00E9", StringComparison.Ordinal)).Select(b => b == 0xA9 ? (byte)0xFF : b)]);
        bundle.Refused("bundle.json");
    }

    [Fact]
    public void A_member_that_stands_twice_is_refused_by_name()
    {
        using var bundle = new BundleCopy();
        var text = File.ReadAllText(bundle["bundle.json"]);
        File.WriteAllText(bundle["bundle.json"], text.Replace("\"embedding\":", "\"embedding\": {}, \"embedding\":", StringComparison.Ordinal));
        bundle.Refused("bundle.json", "embedding");
    }

    [Theory]
    [InlineData("name", "two\nlines")]
    [InlineData("name", "\u001b[31mred")]
    [InlineData("system", "a\rb")]
    public void A_name_that_controls_a_terminal_is_refused(string member, string value)
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest[member] = value);
        bundle.Refused($"$.{member}", "200 characters");
    }

    [Fact]
    public void A_name_without_end_is_refused_and_one_of_200_characters_is_not()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest["name"] = new string('n', 201));
        bundle.Refused("$.name", "200 characters");

        bundle.Manifest(manifest => manifest["name"] = new string('n', 200));
        using var model = bundle.Load();
    }

    [Fact]
    public void A_manifest_nested_deeply_is_refused()
    {
        using var bundle = new BundleCopy();
        File.WriteAllText(bundle["bundle.json"], new string('[', 100_000));
        bundle.Refused("bundle.json");
    }

    [Fact]
    public void Another_format_is_refused_by_name()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest["format"] = "retrieval-bundle/2");
        bundle.Refused("retrieval-bundle/2", "retrieval-bundle/1");
    }

    [Theory]
    [InlineData("../vocabulary.json")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("/etc/hostname")]
    [InlineData("sub/vocabulary.json")]
    [InlineData("sub\\vocabulary.json")]
    [InlineData("C:\\vocabulary.json")]
    [InlineData("vocabulary.json\0")]
    [InlineData("bundle.json")]
    public void A_file_name_that_could_leave_the_folder_is_refused(string name)
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest =>
        {
            manifest["files"]![name] = manifest["files"]!["vocabulary.json"]!.DeepClone();
            manifest["vocabulary"]!["file"] = name;
        });
        bundle.Refused("bundle.json", "is not a plain file name");
    }

    [Fact]
    public void All_faults_of_a_manifest_are_told_at_once()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest =>
        {
            var root = manifest.AsObject();
            root.Remove("name");
            root.Remove("tokens");
            root["precision"] = "float8";
            root["regions"]!["count"] = 0;
            root["embedding"]!["width"] = "wide";
            root["records"]!["image"]![0]!["type"] = "complex";
            root["graphs"]!["textEncoder"]!["file"] = "missing.onnx";
            root["parity"]!["tolerance"] = -1;
            root["files"]!["vocabulary.json"]!["sha256"] = "ABC";
        });
        bundle.Refused("name", "tokens", "float8", "regions.count", "embedding.width", "records.image[0]", "missing.onnx", "tolerance", "sha256");
    }

    [Theory]
    [InlineData("null", "$.ranking must be an object")]
    [InlineData("\"logit\"", "$.ranking must be an object")]
    [InlineData("{}", "$.ranking.transform must be a text", "$.ranking.textToImage must be an object", "$.ranking.imageToText must be an object")]
    [InlineData("""{"transform": "log", "textToImage": {"coarseWeight": 1, "shortlist": 1}, "imageToText": {"coarseWeight": 1, "shortlist": 1}}""", "$.ranking.transform is 'log'; expected one of identity, logit")]
    [InlineData("""{"transform": "identity", "textToImage": {"coarseWeight": 1}, "imageToText": {"shortlist": 1}}""", "$.ranking.textToImage.shortlist must be a whole number", "$.ranking.imageToText.coarseWeight must be a finite number, at least 0")]
    [InlineData("""{"transform": "identity", "textToImage": {"coarseWeight": -0.5, "shortlist": 0}, "imageToText": {"coarseWeight": 1e999, "shortlist": 1.5}}""", "$.ranking.textToImage.coarseWeight", "$.ranking.textToImage.shortlist must be a whole number from 1", "$.ranking.imageToText.coarseWeight", "$.ranking.imageToText.shortlist")]
    [InlineData("""{"transform": "identity", "textToImage": {"coarseWeight": "NaN", "shortlist": -1}, "imageToText": {"coarseWeight": 1, "shortlist": 1048577}}""", "$.ranking.textToImage.coarseWeight", "$.ranking.textToImage.shortlist", "$.ranking.imageToText.shortlist must be a whole number from 1 to 1048576")]
    public void A_ranking_that_is_none_is_refused_by_the_path_of_each_fault(string ranking, params string[] words)
    {
        using var bundle = new BundleCopy();
        File.WriteAllText(bundle["bundle.json"], File.ReadAllText(bundle["bundle.json"]).TrimEnd()[..^1] + $", \"ranking\": {ranking}}}");
        bundle.Refused(words);
    }

    [Fact]
    public void A_ranking_is_read_and_a_bundle_without_one_has_none()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest["ranking"] = System.Text.Json.Nodes.JsonNode.Parse(
            """{"transform": "identity", "textToImage": {"coarseWeight": 16.5, "shortlist": 20}, "imageToText": {"coarseWeight": 0, "shortlist": 1048576}}"""));
        using var model = bundle.Load();

        Assert.Equal(new RankingSpec(ScoreTransform.Identity, new DirectionRanking(16.5, 20), new DirectionRanking(0, 1_048_576)), model.Manifest.Ranking);
        Assert.Null(Bundles.Model(Bundles.Fast).Manifest.Ranking);
        Assert.Equal(ScoreTransform.Identity, Bundles.Model(Bundles.Fast).Manifest.Transform);
    }
}
