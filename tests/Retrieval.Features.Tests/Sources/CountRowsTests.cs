using System.Text;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Rows counted by their line ends are the rows that reading gives, and the blank ones.</summary>
public sealed class CountRowsTests : IDisposable
{
    // Named, for the lines are none of a form.
    private const string Columns = "id,num_boxes,features";

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("a\n", 1)]
    [InlineData("a", 1)]
    [InlineData("a\nb", 2)]
    [InlineData("a\nb\n", 2)]
    [InlineData("\n", 1)]
    [InlineData("\n\n\n", 3)]
    [InlineData("a\r\nb\r\n", 2)]
    [InlineData("\uFEFFa\nb", 2)]
    [InlineData("\uFEFF", 0)]
    [InlineData("\uFEFF\n", 1)]
    public void Lines_are_counted_as_they_are_read(string text, long rows)
    {
        File.WriteAllText(_path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        using var source = DetectorTsvSource.Open(_path, null, FeatureExpectation.None, Columns);

        Assert.Equal(rows, source.CountRows());
        Assert.Equal(text.TrimStart('\uFEFF').Split('\n').Count(line => line.Trim('\r').Length > 0), source.ReadFrom(0).Count());
    }

    [Fact]
    public void Files_longer_than_the_buffer_are_counted_wherever_the_buffer_ends()
    {
        var random = new Random(3);
        for (var length = (1 << 20) - 2; length <= (1 << 20) + 2; length++)
        {
            var bytes = new byte[length * 2];
            Array.Fill(bytes, (byte)'x');
            for (var i = 0; i < 200; i++)
            {
                var at = random.Next(1, bytes.Length - 2);
                bytes[at] = bytes[at - 1] == '\n' || bytes[at + 1] == '\n' ? bytes[at] : (byte)'\n';
            }

            bytes[^1] = (byte)(length % 2 == 0 ? '\n' : 'x');
            File.WriteAllBytes(_path, bytes);
            using var source = DetectorTsvSource.Open(_path, null, FeatureExpectation.None, Columns);

            Assert.Equal(source.ReadFrom(0).LongCount(), source.CountRows());
        }
    }

    [Fact]
    public void Captions_of_no_image_are_no_row_of_an_image()
    {
        File.WriteAllText(_path, "a\nb\n");
        var captions = Path.ChangeExtension(_path, ".captions");
        File.WriteAllText(captions, "nobody\ta caption\n");
        using var source = DetectorTsvSource.Open(_path, captions, FeatureExpectation.None, Columns);

        Assert.Equal((2, 3), (source.CountRows(), source.ReadFrom(0).Count()));
        File.Delete(captions);
    }
}
