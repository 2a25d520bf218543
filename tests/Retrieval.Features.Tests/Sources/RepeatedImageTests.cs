using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tests.Sources;

/// <summary>Splits in which every image is stored several times in succession.</summary>
public sealed class RepeatedImageTests : IDisposable
{
    private const int Images = 6;

    private readonly SplitFixture _split = new();

    public void Dispose() => _split.Dispose();

    [Theory]
    [InlineData(2, 12)]
    [InlineData(3, 18)]
    [InlineData(7, 42)]
    [InlineData(2, 30)]
    public void Any_number_of_repetitions_is_noticed_by_content_and_said(int times, int captions)
    {
        Repeat(times);
        _split.WriteCaptions(captions);
        using var source = _split.Open();

        var samples = source.ReadFrom(0).Cast<ImageSample>().ToList();

        Assert.Equal(SplitFixture.Values(Images), samples.SelectMany(sample => sample.Regions.ToArray()));
        Assert.All(samples, sample => Assert.Equal(captions / Images, sample.Captions.Count));
        Assert.Equal($"caption {captions - 1}", samples[^1].Captions[^1]);
        Assert.Contains(source.Notes, note => note.Contains($"{times} times in succession", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Without_captions_repetitions_are_noticed_as_well(int times)
    {
        Repeat(times);
        File.Delete(_split.Folder["test_caps.txt"]);

        Assert.Equal(SplitFixture.Values(Images), _split.Read().Cast<ImageSample>().SelectMany(sample => sample.Regions.ToArray()));
    }

    [Fact]
    public void Rows_with_ids_of_their_own_are_images_of_their_own()
    {
        Repeat(2);
        File.Delete(_split.Folder["test_caps.txt"]);
        _split.WriteLines("test_ids.txt", Enumerable.Range(0, Images * 2).Select(i => $"frame-{i}"));

        Assert.Equal(Images * 2, _split.Read().OfType<ImageSample>().Count());
    }

    [Fact]
    public void Rows_that_are_all_the_same_are_not_taken_for_one_image()
    {
        _split.WriteRegions(new float[Images * SplitFixture.RowElements], Images);
        _split.WriteCaptions(Images);

        Assert.Equal(Images, _split.Read().OfType<ImageSample>().Count());
    }

    [Fact]
    public void A_number_of_captions_without_a_caption_file_is_refused()
    {
        File.Delete(_split.Folder["test_caps.txt"]);

        Assert.Contains("no caption file", Assert.Throws<InvalidInputException>(() => _split.Open(captionsPerImage: 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void That_captions_are_assigned_by_their_number_alone_is_said()
    {
        using var source = _split.Open();

        Assert.Equal(["test_caps.txt: 5 captions an image, told from the number of lines alone; a line that is missing would shift all that follow"], source.Notes);
    }

    private void Repeat(int times)
    {
        var values = SplitFixture.Values(Images);
        var rows = Enumerable.Range(0, Images * times).SelectMany(i => values.Skip(i / times * SplitFixture.RowElements).Take(SplitFixture.RowElements)).ToArray();
        _split.WriteRegions(rows, Images * times);
    }
}
