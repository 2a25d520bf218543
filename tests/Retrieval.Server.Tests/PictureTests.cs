using System.Net;
using System.Net.Http.Headers;
using Retrieval.Domain.Errors;
using Retrieval.Features.Pictures;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using SkiaSharp;

namespace Retrieval.Server.Tests;

/// <summary>Pictures of images, from a folder.</summary>
public sealed class PictureTests(ServerFixture fixture) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_folder["pictures/a/b"]);
        _folder.Write("secret.png", Png.Of(3, 3));
        Put("plain.jpg", Encoded(SKEncodedImageFormat.Jpeg));
        Put("a/b/c.jpg", Png.Of(5, 4));
        Put("雪の犬 🐕.png", Png.Of(6, 4));
        Put("moving.gif", [.. "GIF89a"u8, 1, 0, 1, 0, 0, 0, 0, .. new byte[8]]);
        Put("small.webp", Encoded(SKEncodedImageFormat.Webp));
        Put("drawing.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"u8.ToArray());
        Put("drawing2.png", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"u8.ToArray());
        Put("empty.png", []);
        Put("cut.png", Png.Of(200, 100)[..60]);
        Put("large.png", Png.Of(10_000, 10_000));
        File.CreateSymbolicLink(_folder["pictures/out.png"], _folder["secret.png"]);
        File.CreateSymbolicLink(_folder["pictures/in.png"], _folder["pictures/a/b/c.jpg"]);
        Directory.CreateSymbolicLink(_folder["pictures/up"], _folder.Path);
        _server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index) with { Pictures = new PictureOptions { Folder = _folder["pictures"] } });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("plain.jpg", "plain.jpg", "image/jpeg")]
    [InlineData("plain", "plain.jpg", "image/jpeg")]
    [InlineData("a/b/c.jpg", "a/b/c.jpg", "image/png")]
    [InlineData("雪の犬 🐕", "雪の犬 🐕.png", "image/png")]
    [InlineData("moving", "moving.gif", "image/gif")]
    [InlineData("small", "small.webp", "image/webp")]
    [InlineData("in", "a/b/c.jpg", "image/png")]
    public async Task A_picture_is_found_by_its_id_and_its_type_is_that_of_its_bytes(string id, string file, string type)
    {
        using var response = await _server.Client.AskAsync($"/v1/pictures/{Uri.EscapeDataString(id)}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("default-src 'none'; sandbox", response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal(await File.ReadAllBytesAsync(_folder["pictures/" + file], TestContext.Current.CancellationToken), await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("")]
    [InlineData("drawing")]
    [InlineData("drawing.svg")]
    [InlineData("out")]
    [InlineData("out.png")]
    [InlineData("../secret.png")]
    [InlineData("../secret")]
    [InlineData("a/../../secret.png")]
    [InlineData("a/../plain.jpg")]
    [InlineData("./plain.jpg")]
    [InlineData("/plain.jpg")]
    [InlineData("a//b/c.jpg")]
    [InlineData("up/secret.png")]
    [InlineData("up/pictures/plain.jpg/")]
    [InlineData("..\\secret.png")]
    [InlineData("a")]
    [InlineData("plain.jpg\n")]
    public async Task What_is_no_picture_of_the_folder_is_a_404_wherever_the_id_leads(string id)
    {
        var problem = await (await _server.Client.AskAsync($"/v1/pictures/{Uri.EscapeDataString(id)}")).ProblemAsync(404);

        Assert.Equal("there is no picture of this id", (string)problem["detail"]!);
    }

    [Fact]
    public async Task A_nul_in_an_id_is_refused() => await (await _server.Client.AskAsync("/v1/pictures/plain.jpg%00.png")).ProblemAsync(400);

    [Theory]
    [InlineData("drawing2", "", "expected PNG, JPEG, WebP or GIF")]
    [InlineData("empty", "", "expected PNG, JPEG, WebP or GIF")]
    [InlineData("cut", "?width=100", "cut.png")]
    [InlineData("large", "?width=100", "has 10000 × 10000 pixels; a picture of at most 40000000 is read")]
    [InlineData("moving", "?width=100", "")]
    public async Task A_file_that_cannot_be_shown_is_a_422_that_says_why(string id, string query, string reason)
    {
        var problem = await (await _server.Client.AskAsync($"/v1/pictures/{id}{query}")).ProblemAsync(422);

        Assert.Contains(reason.Replace("cut.png", "cut", StringComparison.Ordinal), (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Path, (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(32, 32, 16)]
    [InlineData(64, 64, 32)]
    [InlineData(2048, 64, 32)]
    public async Task A_thumbnail_is_webp_of_the_width_and_never_larger_than_the_picture(int width, int expectedWidth, int expectedHeight)
    {
        using var response = await _server.Client.AskAsync($"/v1/pictures/plain.jpg?width={width}");

        Assert.Equal("image/webp", response.Content.Headers.ContentType!.ToString());
        using var picture = SKBitmap.Decode(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal((expectedWidth, expectedHeight), (picture.Width, picture.Height));
    }

    [Theory]
    [InlineData(32, 32)]
    [InlineData(2048, 33)]
    public async Task A_thumbnail_of_a_picture_that_WebP_cannot_hold_is_as_high_as_it_can_be(int width, int expectedWidth)
    {
        using var tall = new SKBitmap(40, 20_000);
        using var encoded = tall.Encode(SKEncodedImageFormat.Png, 100);
        Put("tall.png", encoded.ToArray());

        using var response = await _server.Client.AskAsync($"/v1/pictures/tall?width={width}");

        using var picture = SKBitmap.Decode(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal((expectedWidth, width == 32 ? 16_000 : 16_383), (picture.Width, picture.Height));
    }

    [Fact]
    public void A_disk_that_fails_while_a_picture_is_read_ends_no_process()
    {
        using var broken = new BrokenDisk();

        var fault = Assert.Throws<InvalidInputException>(() => Thumbnail.Of(broken, "broken.png", 100));

        Assert.Equal("broken.png: cannot be read", fault.Message);
    }

    private sealed class BrokenDisk : MemoryStream
    {
        public override long Length => 5000;

        public override int Read(Span<byte> buffer) => throw new IOException("Input/output error");

        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("Input/output error");
    }

    // Where the picture's first, second, third and fourth quarter are seen: red, green, blue and white, row by row.
    [Theory]
    [InlineData(1, "RGBW")]
    [InlineData(2, "GRWB")]
    [InlineData(3, "WBGR")]
    [InlineData(4, "BWRG")]
    [InlineData(5, "RBGW")]
    [InlineData(6, "BRWG")]
    [InlineData(7, "WGBR")]
    [InlineData(8, "GWRB")]
    public async Task A_thumbnail_is_turned_as_the_camera_says(byte orientation, string quarters)
    {
        Put("turned.jpg", Turned(orientation));

        using var response = await _server.Client.AskAsync("/v1/pictures/turned?width=2048");

        using var picture = SKBitmap.Decode(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(orientation < 5 ? (64, 32) : (32, 64), (picture.Width, picture.Height));
        var (x, y) = (picture.Width / 4, picture.Height / 4);
        Assert.Equal(quarters, string.Concat(NameOf(picture.GetPixel(x, y)), NameOf(picture.GetPixel(3 * x, y)), NameOf(picture.GetPixel(x, 3 * y)), NameOf(picture.GetPixel(3 * x, 3 * y))));
    }

    [Theory]
    [InlineData("width=15", "width")]
    [InlineData("width=2049", "width")]
    [InlineData("width=-1", "width")]
    [InlineData("width=1e2", "width")]
    [InlineData("width=", "width")]
    [InlineData("height=100", "height")]
    public async Task A_width_out_of_range_or_another_parameter_is_a_400(string query, string field) =>
        await (await _server.Client.AskAsync($"/v1/pictures/plain.jpg?{query}")).ProblemAsync(400, field);

    [Theory]
    [InlineData("")]
    [InlineData("?width=32")]
    public async Task Who_has_it_is_told_so_until_the_file_changes(string query)
    {
        using var first = await _server.Client.AskAsync($"/v1/pictures/plain.jpg{query}");
        var tag = first.Headers.ETag!;
        Assert.Equal("no-cache", first.Headers.CacheControl!.ToString());
        Assert.Equal(HttpStatusCode.NotModified, (await AskAsync(query, tag)).StatusCode);

        Put("plain.jpg", Png.Of(50, 50));

        using var changed = await AskAsync(query, tag);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag);
    }

    [Fact]
    public async Task A_part_of_it_is_sent_on_request()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/pictures/plain.jpg") { Headers = { Range = new RangeHeaderValue(2, 5) } };
        using var response = await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal((await File.ReadAllBytesAsync(_folder["pictures/plain.jpg"], TestContext.Current.CancellationToken))[2..6], await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_a_folder_it_is_a_404_that_names_the_options()
    {
        var problem = await (await fixture.Client.AskAsync("/v1/pictures/plain.jpg")).ProblemAsync(404);

        Assert.Equal("this server has no pictures: neither Pictures:Folder nor Pictures:UrlTemplate is set", (string)problem["detail"]!);
    }

    private void Put(string name, byte[] bytes)
    {
        _folder.Write("pictures/" + name, bytes);

        // Of its own time, so that a file that is written twice in one tick is another nevertheless.
        File.SetLastWriteTimeUtc(_folder["pictures/" + name], File.GetLastWriteTimeUtc(_folder["pictures/" + name]).AddSeconds(bytes.Length));
    }

    private async Task<HttpResponseMessage> AskAsync(string query, EntityTagHeaderValue known)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/pictures/plain.jpg{query}") { Headers = { IfNoneMatch = { known } } };
        return await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string NameOf(SKColor colour) => (colour.Red > 128, colour.Green > 128, colour.Blue > 128) switch
    {
        (true, false, false) => "R",
        (false, true, false) => "G",
        (false, false, true) => "B",
        (true, true, true) => "W",
        _ => "?",
    };

    private static byte[] Turned(byte orientation)
    {
        using var picture = new SKBitmap(64, 32);
        using (var canvas = new SKCanvas(picture))
        {
            canvas.Clear(SKColors.White);
            foreach (var (colour, x, y) in ((SKColor, int, int)[])[(SKColors.Red, 0, 0), (SKColors.Lime, 32, 0), (SKColors.Blue, 0, 16)])
            {
                using var paint = new SKPaint { Color = colour };
                canvas.DrawRect(x, y, 32, 16, paint);
            }
        }

        using var data = picture.Encode(SKEncodedImageFormat.Jpeg, 95);
        byte[] exif = [.. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
        var jpeg = data.ToArray();
        return [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }

    private static byte[] Encoded(SKEncodedImageFormat format)
    {
        using var picture = new SKBitmap(64, 32);
        picture.Erase(SKColors.Teal);
        using var data = picture.Encode(format, 90);
        return data.ToArray();
    }
}
