using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Tests;

[Collection("environment")]
public sealed partial class ReferenceConfigurationTests
{
    private static readonly JsonSerializerOptions Named = new() { Converters = { new JsonStringEnumConverter() } };

    [Fact]
    public void The_reference_file_holds_every_key_with_its_default()
    {
        var reference = JsonNode.Parse(ReferenceConfiguration.Text, null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!;

        Assert.Equal(Keys(JsonSerializer.SerializeToNode(new ServerOptions(), Named), ""), Keys(reference, ""), StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_reference_file_binds()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["reference.jsonc"], ReferenceConfiguration.Text);

        var options = ServerConfiguration.Read(["--config", folder["reference.jsonc"], "--bundle", "b", "--index", "i"]);

        Assert.Equivalent(new ServerOptions { Snapshot = new ServerSnapshotOptions { Bundle = "b", Index = "i" } }, options);
    }

    [Fact]
    public void The_reference_file_as_it_is_lacks_only_what_it_says_it_lacks()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["reference.jsonc"], ReferenceConfiguration.Text);

        Assert.Equal(
            ["Snapshot:Bundle (--bundle) is not set; expected the folder of a bundle", "Snapshot:Index (--index) is not set; expected the folder of an index"],
            Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--config", folder["reference.jsonc"]])).Faults);
    }

    [Fact]
    public void Every_key_of_the_reference_file_has_a_comment()
    {
        var lines = ReferenceConfiguration.Text.Split('\n');
        var commented = false;
        foreach (var line in lines)
        {
            if (line.TrimStart().StartsWith('"') && !line.TrimEnd().EndsWith('{'))
            {
                Assert.True(commented, line);
            }
            else if (line.Trim().Length > 1)
            {
                commented = line.TrimStart().StartsWith("//", StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_reference_file_says_the_ranges_and_names_that_are_checked()
    {
        string[] text = [.. ReferenceConfiguration.Text.Split('\n').Select(line => line.Trim())];
        var sections = typeof(ServerOptions).GetProperties().Where(section => KeyFaults.IsSection(section.PropertyType)).ToList();
        Assert.Equal(17, sections.Count);
        var ranges = 0;
        foreach (var (section, property) in sections.SelectMany(section => KeyFaults.PropertiesOf(section.PropertyType).Select(property => (section, property))))
        {
            var key = $"{section.Name}:{property.Name}";
            var begin = Array.FindIndex(text, line => line.StartsWith($"\"{section.Name}\":", StringComparison.Ordinal));
            var line = Array.FindIndex(text, begin, line => line.StartsWith($"\"{property.Name}\":", StringComparison.Ordinal));
            var comment = string.Join(' ', text[..line].Reverse().TakeWhile(above => above.StartsWith("//", StringComparison.Ordinal)).Reverse().Select(above => above[2..].Trim()));
            var said = Range().Match(comment);
            if (property.GetCustomAttribute<RangeAttribute>() is { } range)
            {
                // Zero is told apart where it means something of its own: "1 to 1024; 0 takes all cores".
                var least = comment.Contains("; 0 ", StringComparison.Ordinal) ? Math.Min(0, Number(said.Groups[1].Value)) : Number(said.Groups[1].Value);
                Assert.True((least, Number(said.Groups[2].Value)) == (Number(range.Minimum), Number(range.Maximum)), $"{key} is {range.Minimum} to {range.Maximum}; the file says: {comment}");
                ranges++;
            }
            else
            {
                Assert.False(said.Success, $"{key} has no range; the file says: {comment}");
            }

            if (property.PropertyType.IsEnum)
            {
                Assert.All(Enum.GetNames(property.PropertyType), name => Assert.Contains(name, comment, StringComparison.OrdinalIgnoreCase));
            }
        }

        Assert.Equal(50, ranges);

        static double Number(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"(\d[\d.]*) to (\d+(?:\.\d+)?)")]
    private static partial Regex Range();

    private static List<string> Keys(JsonNode? node, string path) => node switch
    {
        JsonObject section => [.. section.SelectMany(member => Keys(member.Value, path.Length == 0 ? member.Key : $"{path}:{member.Key}"))],
        _ => [$"{path} = {node?.ToJsonString() ?? "null"}"],
    };
}
