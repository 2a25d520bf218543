using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retrieval.Bench.Sources;

/// <summary>Writes the captions of images in each form that is read, into the folder <c>captions</c>.</summary>
internal static class CaptionForms
{
    public static void Write(string folder, SampleImages images)
    {
        var captions = Directory.CreateDirectory(Path.Combine(folder, "captions")).FullName;
        int[] rows = [.. Enumerable.Range(0, images.Count)];

        void Json(string name, JsonNode root) => File.WriteAllText(Path.Combine(captions, name), root.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        void Lines(string name, IEnumerable<string> lines) => File.WriteAllText(Path.Combine(captions, name), string.Concat(lines.Select(line => line + "\n")));

        Json("by-id.json", new JsonObject(rows.Select(row => KeyValuePair.Create<string, JsonNode?>(SampleImages.Id(row), new JsonArray([.. SampleImages.Captions(row).Select(caption => (JsonNode)caption)])))));
        Json("captions_coco.json", new JsonObject
        {
            ["images"] = new JsonArray([.. rows.Select(row => new JsonObject { ["id"] = row + 1, ["file_name"] = SampleImages.Id(row) })]),
            ["annotations"] = new JsonArray([.. rows.SelectMany(row => SampleImages.Captions(row).Select(caption => new JsonObject { ["image_id"] = row + 1, ["caption"] = caption }))]),
        });
        Json("dataset_karpathy.json", new JsonObject
        {
            ["images"] = new JsonArray([.. rows.Select(row => new JsonObject
            {
                ["filename"] = SampleImages.Id(row),
                ["split"] = row % 2 == 0 ? "test" : "val",
                ["sentences"] = new JsonArray([.. SampleImages.Captions(row).Select(caption => new JsonObject { ["raw"] = caption })]),
            })]),
        });
        Lines("lines.txt", rows.SelectMany(row => SampleImages.Captions(row).Select(caption => $"{SampleImages.Id(row)}\t{caption}")));
        Lines("results.token", rows.SelectMany(row => SampleImages.Captions(row).Select((caption, position) => $"{SampleImages.Id(row)}#{position}\t{caption}")));
        Lines("captions.csv", rows.SelectMany(row => SampleImages.Captions(row).Select(caption => $"{SampleImages.Id(row)},{caption}")).Prepend("image,caption"));
    }
}
