using System.Security.Cryptography;
using System.Text.Json.Nodes;
using static Retrieval.TestKit.Protobuf;

namespace Retrieval.TestKit;

/// <summary>
/// The fixture bundle with a ranking. For the transform <c>logit</c> its scorers also give logits: the value before their sigmoid,
/// scaled and shifted, so that a test can have scores as near to 1 as it wants.
/// </summary>
public static class RankingBundle
{
    // The input of the sigmoid in both scorers of the fixture bundle.
    private const string BeforeSigmoid = "/Squeeze_1_output_0";
    private const int Float = 1;
    private const int Int64 = 7;

    /// <summary>A ranking as it stands in a manifest.</summary>
    public static JsonObject Ranking(string transform, double textToImage, int imagesListed, double imageToText, int captionsListed) => new()
    {
        ["transform"] = transform,
        ["textToImage"] = new JsonObject { ["coarseWeight"] = textToImage, ["shortlist"] = imagesListed },
        ["imageToText"] = new JsonObject { ["coarseWeight"] = imageToText, ["shortlist"] = captionsListed },
    };

    /// <summary>Makes the bundle.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="name">Name of its folder there.</param>
    /// <param name="ranking">What its manifest says.</param>
    /// <param name="scale">The logits are the fixture's times this …</param>
    /// <param name="shift">… and plus this. Other scores than the recorded ones are let through.</param>
    /// <returns>Its path.</returns>
    public static string Make(TemporaryFolder folder, string name, JsonObject ranking, float scale = 1, float shift = 0)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(ranking);
        var path = folder.Copy(Repository.Bundle, name);
        var file = Path.Combine(path, "bundle.json");
        var manifest = JsonNode.Parse(File.ReadAllBytes(file))!;
        manifest["name"] = name;
        manifest["ranking"] = ranking;
        if ((string?)ranking["transform"] == "logit")
        {
            AddLogits(path, manifest["files"]!, "scorer_text_to_image.onnx", scale, shift);
            AddLogits(path, manifest["files"]!, "scorer_image_to_text.onnx", scale, shift);
        }

        if ((scale, shift) != (1, 0))
        {
            // No two probabilities differ by more.
            manifest["parity"]!["tolerance"] = 1;
        }

        File.WriteAllText(file, manifest.ToJsonString());
        return path;
    }

    private static void AddLogits(string bundle, JsonNode files, string graph, float scale, float shift)
    {
        // A second graph field is merged into the first by every reader of the format: its nodes and outputs are added.
        byte[] bytes =
        [
            .. File.ReadAllBytes(Path.Combine(bundle, graph)),
            .. Bytes(
                7,
                Node("Reshape", [BeforeSigmoid, "ranking.shape"], "ranking.flat"),
                Node("Mul", ["ranking.flat", "ranking.scale"], "ranking.scaled"),
                Node("Add", ["ranking.scaled", "ranking.shift"], "logit"),
                Bytes(5, Number(1, 1), Number(2, Int64), Number(7, ulong.MaxValue), Text(8, "ranking.shape")),
                Bytes(5, Number(2, Float), Bytes(9, BitConverter.GetBytes(scale)), Text(8, "ranking.scale")),
                Bytes(5, Number(2, Float), Bytes(9, BitConverter.GetBytes(shift)), Text(8, "ranking.shift")),
                Bytes(12, Text(1, "logit"), Bytes(2, Bytes(1, Number(1, Float), Bytes(2, Bytes(1, Text(2, "pairs"))))))),
        ];
        File.WriteAllBytes(Path.Combine(bundle, graph), bytes);
        files[graph] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(bytes)), ["bytes"] = bytes.Length };
    }

    private static byte[] Node(string operation, string[] inputs, string output) =>
        Bytes(1, [.. inputs.Select(input => Text(1, input)), Text(2, output), Text(3, output), Text(4, operation)]);
}
