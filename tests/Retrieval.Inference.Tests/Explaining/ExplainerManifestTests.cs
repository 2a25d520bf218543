using System.Text.Json.Nodes;
using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Tests.Explaining;

/// <summary>What a manifest may say of an explainer, and what of it is refused.</summary>
[Trait("Promise", "10")]
public sealed class ExplainerManifestTests
{
    [Fact]
    public void An_explainer_is_read_as_it_is_written_and_a_bundle_without_one_has_none()
    {
        var explainer = Bundles.Model(Bundles.Explained).Manifest.Graphs.Explainer!;

        Assert.Equal(("explainer.onnx", 1e-4), (explainer.File, explainer.Tolerance));
        var attention = explainer.Outputs.Single(output => output.Name == "word_attention");
        Assert.Equal((ExplainerKind.Attention, 1, "explain.word_attention"), (attention.Kind, attention.Distribution!.Value, attention.GraphName));
        Assert.Equal([new ExplainerAxis(ExplainerAxisKind.Words), new ExplainerAxis(ExplainerAxisKind.Regions)], attention.Axes);
        Assert.Equal([7, 36], attention.Shape(7, 36));
        Assert.Null(explainer.Outputs.Single(output => output.Name == "region_gate").Distribution);
        Assert.Null(Bundles.Model(Bundles.Ranking).Manifest.Graphs.Explainer);
        Assert.Null(Bundles.Model(Bundles.Ranking).Explainer);
    }

    [Fact]
    public void An_axis_of_nodes_is_one_longer_than_the_words_and_a_number_is_itself()
    {
        var output = new ExplainerOutput("steps", "Steps", ExplainerKind.Attention, [new(ExplainerAxisKind.Fixed, 3), new(ExplainerAxisKind.Nodes), new(ExplainerAxisKind.Nodes)], 2);

        Assert.Equal([3, 8, 8], output.Shape(7, 36));
        Assert.True(output.NeedsWords);
    }

    [Theory]
    [InlineData("null", "$.graphs.explainer must be an object")]
    [InlineData("{}", "$.graphs.explainer.file must be a text", "$.graphs.explainer.outputs must be an array", "$.graphs.explainer.tolerance must be a number from 0 to 1")]
    [InlineData("""{ "file": "other.onnx", "tolerance": 2, "outputs": [] }""", "file 'other.onnx' is not listed in files", "$.graphs.explainer.tolerance", "outputs must have at least one output")]
    [InlineData("""{ "file": "explainer.onnx", "tolerance": 1e-5, "outputs": [ {} ] }""", "outputs[0].name must be a text", "outputs[0].title must be a text", "outputs[0].kind must be a text", "outputs[0].axes must be an array")]
    public void An_explainer_that_is_none_is_refused_by_the_path_of_each_fault(string explainer, params string[] words)
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.Manifest(manifest => manifest["graphs"]!["explainer"] = JsonNode.Parse(explainer));
        bundle.Refused(words);
    }

    [Theory]
    [InlineData("name", "\"Gate\"", "outputs[0].name is 'Gate'; expected a small letter, then at most 63 small letters, digits and underscores")]
    [InlineData("name", "\"1st\"", "outputs[0].name is '1st'")]
    [InlineData("name", "\"a-b\"", "outputs[0].name is 'a-b'")]
    [InlineData("name", "\"a\\n\"", "outputs[0].name is 'a\n'")]
    [InlineData("name", "7", "outputs[0].name must be a text")]
    [InlineData("name", "\"word_gate\"", "outputs[1] name 'word_gate' stands twice")]
    [InlineData("title", "\"\"", "outputs[0].title must be a text")]
    [InlineData("title", "\"two\\nlines\"", "outputs[0].title must be of at most 200 characters")]
    [InlineData("kind", "\"hunch\"", "outputs[0].kind is 'hunch'; expected one of attention, gate, weight, relation, importance")]
    [InlineData("axes", "[]", "outputs[0].axes has 0 axes; expected 1 to 4")]
    [InlineData("axes", "[\"words\", \"words\", 2, 2, 2]", "outputs[0].axes has 5 axes; expected 1 to 4")]
    [InlineData("axes", "[\"pixels\", \"regions\"]", "outputs[0].axes[0] must be words, regions, nodes, or a whole number")]
    [InlineData("axes", "[0, \"regions\"]", "outputs[0].axes[0] must be a whole number from 1")]
    [InlineData("axes", "[2.5, \"regions\"]", "outputs[0].axes[0] must be a whole number from 1")]
    [InlineData("axes", "[1048576, 1048576]", "outputs[0] must have below 2 GiB a pair")]
    [InlineData("distribution", "null", "outputs[0].distribution must be a whole number from 0 to 1")]
    [InlineData("distribution", "2", "outputs[0].distribution must be a whole number from 0 to 1")]
    [InlineData("distribution", "-1", "outputs[0].distribution must be a whole number from 0 to 1")]
    [InlineData("distribution", "\"regions\"", "outputs[0].distribution must be a whole number from 0 to 1")]
    [InlineData("kind", "\"importance\"", "outputs[0].axes of an importance must be [\"words\"] or [\"regions\"]")]
    public void A_member_of_an_output_that_breaks_a_rule_is_refused_by_its_path(string member, string value, string fault)
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.Manifest(manifest => Output(manifest, 0)[member] = JsonNode.Parse(value));
        bundle.Refused(fault);
    }

    [Fact]
    public void A_name_of_64_characters_and_a_title_of_200_are_the_longest()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.Manifest(manifest => Output(manifest, 0)["title"] = new string('t', 200));
        bundle.Load().Dispose();
        bundle.Manifest(manifest => Output(manifest, 0)["title"] = new string('t', 201));
        bundle.Refused("outputs[0].title must be of at most 200 characters");

        // The graph does not have it: that is told after the manifest has been read.
        bundle.Manifest(manifest => (Output(manifest, 0)["title"], Output(manifest, 0)["name"]) = ("t", new string('n', 64)));
        bundle.Refused("output explain." + new string('n', 64) + " is missing");
        bundle.Manifest(manifest => Output(manifest, 0)["name"] = new string('n', 65));
        bundle.Refused("expected a small letter, then at most 63");
    }

    [Fact]
    public void A_second_importance_of_words_is_refused()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.Manifest(manifest =>
        {
            foreach (var output in manifest["graphs"]!["explainer"]!["outputs"]!.AsArray().Where(output => output!["axes"]!.ToJsonString() == "[\"words\"]"))
            {
                output!["kind"] = "importance";
            }
        });
        bundle.Refused("is a second importance of words; expected at most one");
    }

    [Fact]
    public void Words_are_refused_where_a_captions_record_does_not_tell_its_length()
    {
        using var bundle = new BundleCopy(Bundles.Vectors);
        bundle.Manifest(manifest => manifest["graphs"]!["explainer"] = JsonNode.Parse(
            """{ "file": "scorer_text_to_image.onnx", "tolerance": 1e-5, "outputs": [ { "name": "a", "title": "A", "kind": "gate", "axes": ["nodes"] } ] }"""));
        bundle.Refused("outputs[0] axes must not run over words or nodes: no field of a caption's record is ragged");
    }

    private static JsonNode Output(JsonNode manifest, int output) => manifest["graphs"]!["explainer"]!["outputs"]![output]!;
}
