#!/usr/bin/env bash
# Generates clients of docs/openapi.json with NSwag and with Kiota, compiles them, and asks a running server with each: a search
# by caption, by image and by features, images like one, pages, the list, a batch, an explanation, and a question that is
# refused. Stores an image whose metadata has a text, a number and a boolean, filters by each and by a range, and deletes it.
# Asks each index that is held beside the served one. Ingests the split corpus#test with the demo's metadata, if the server allows
# it, and shows what the run found out. Needs the .NET SDK and NuGet's registry; not part of CI.
#   ./demo.sh               in another terminal, then
#   eng/clients.sh [URL]    http://127.0.0.1:8080 if left out
# -h prints this. Ends with 2 if an argument is wrong.
set -euo pipefail

usage() { sed -n '2,9s/^# \?//p' "${BASH_SOURCE[0]}"; }
refuse() { echo "clients.sh: $1" >&2; usage >&2; exit 2; }
case ${1-} in -h | --help) usage; exit 0 ;; esac
[ $# -le 1 ] || refuse "$# arguments; expected one URL at most"
url=${1:-http://127.0.0.1:8080}
[[ $url =~ ^https?://[^/] ]] || refuse "the URL is '$url'; expected one that begins with http:// or https://"

cd "$(dirname "${BASH_SOURCE[0]}")/.."
document=$PWD/docs/openapi.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export KIOTA_TUTORIAL_ENABLED=false KIOTA_OFFLINE_ENABLED=true DOTNET_NOLOGO=true

dotnet tool install --tool-path tools NSwag.ConsoleCore --version 14.7.1 >/dev/null
dotnet tool install --tool-path tools Microsoft.OpenApi.Kiota --version 1.38.0 >/dev/null

project() { # NAME [PACKAGE...], all of Kiota's version 2.1.6
  local references='' package
  for package in "${@:2}"; do references+="<PackageReference Include='$package' Version='2.1.6' />"; done
  cat >"$1/$1.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
    <NoWarn>CS8618;CS8625</NoWarn>
  </PropertyGroup>
  <ItemGroup>$references</ItemGroup>
</Project>
XML
}

mkdir nswag kiota
tools/nswag openapi2csclient "/input:$document" /output:nswag/Client.cs /namespace:Client /className:RetrievalClient /useBaseUrl:false \
  /jsonLibrary:SystemTextJson /generateNullableReferenceTypes:true /generateOptionalPropertiesAsNullable:true >nswag.log || { cat nswag.log; exit 1; }
tools/kiota generate --language CSharp --openapi "$document" --class-name RetrievalClient --namespace-name Client --output kiota >kiota.log 2>&1 || { cat kiota.log; exit 1; }
grep -A1 '^warn' kiota.log || true

project nswag
cat >nswag/Program.cs <<'CS'
using System.Runtime.InteropServices;
using System.Text.Json;
using Client;

var client = new RetrievalClient(new HttpClient { BaseAddress = new Uri(args[0]) });
var images = await client.SearchImagesAsync(new ImageSearchRequest { Caption = "a striped red cube", Top = 2 });
Console.WriteLine($"nswag: images  {string.Join(", ", images.Hits.Select(hit => $"{hit.Id} {hit.Score}"))}; {images.Query?.Tokens.Count} words");
var id = images.Hits.First().Id;
var captions = await client.SearchCaptionsAsync(new CaptionSearchRequest { ImageId = id, Top = 1 });
Console.WriteLine($"nswag: captions {string.Join(", ", captions.Hits.Select(hit => $"{hit.Id} {hit.Score} {hit.Caption}"))}");
var batch = await client.SearchBatchAsync(new BatchRequest { Queries = [new() { Caption = "a striped red cube", Top = 1 }, new() { ImageId = "nobody" }] });
foreach (var answer in batch.Answers)
{
    // Either kind is a bag of members: NSwag makes no union of two classes.
    var json = JsonSerializer.Serialize(answer);
    Console.WriteLine(answer.AdditionalProperties.ContainsKey("hits")
        ? $"nswag: batch   {JsonSerializer.Deserialize<SearchResponse>(json)!.Hits.First().Id}"
        : $"nswag: batch   {JsonSerializer.Deserialize<Problem>(json)!.Detail}");
}

var none = await client.SearchImagesAsync(new ImageSearchRequest { Caption = "a cube", Filter = new Dictionary<string, object> { ["split"] = "no such", ["open"] = true, ["year"] = new object[] { 1999, new { gte = 2000, lt = 2010.5 } } } });
Console.WriteLine($"nswag: filter  {none.Hits.Count} hits");
Console.WriteLine($"nswag: image   {(await client.GetImageAsync(id)).Captions.Count} captions");
var page = await client.SearchImagesAsync(new ImageSearchRequest { Caption = "a striped red cube", Top = 1, Offset = 1 });
Console.WriteLine($"nswag: page    {page.Hits.First().Rank} {page.Hits.First().Id}");
foreach (var index in (await client.GetModelAsync()).Further)
{
    var other = await client.SearchImagesAsync(new ImageSearchRequest { Caption = "a striped red cube", Top = 1, Index = index.Name });
    Console.WriteLine($"nswag: index   {other.Index}: {other.Hits.First().Id} of {index.Images}");
}

var listed = await client.ListImagesAsync(null, 2);
Console.WriteLine($"nswag: list    {string.Join(", ", listed.Images.Select(image => $"{image.Id} {image.Captions}"))}; next {listed.Next}");
var regions = (await client.GetModelAsync()).Regions;
var features = MemoryMarshal.AsBytes(Enumerable.Range(0, regions.Count * regions.Width).Select(i => i % 13 / 6f).ToArray().AsSpan()).ToArray();
Console.WriteLine($"nswag: features {(await client.SearchCaptionsAsync(new CaptionSearchRequest { Features = features, Top = 1 })).Hits.First().Caption}");
const string Made = "clients/nswag";
await client.PutImageAsync(Made, null, new ImageRequest { Features = features, Captions = ["a striped red cube"], Metadata = new Dictionary<string, object> { ["made"] = "nswag", ["year"] = 2004, ["size"] = 2.5, ["open"] = true } });
var metadata = (await client.GetImageAsync(Made)).Metadata!.ToDictionary(pair => pair.Key, pair => (JsonElement)pair.Value);
Console.WriteLine($"nswag: metadata {string.Join(", ", metadata.Select(pair => $"{pair.Key} {pair.Value} {pair.Value.ValueKind}"))}");
if (metadata["made"].GetString() != "nswag" || metadata["year"].GetInt32() != 2004 || metadata["size"].GetDouble() != 2.5 || !metadata["open"].GetBoolean())
{
    return 1;
}

foreach (var (condition, found) in new (object, int)[] { (2004, 1), (2005, 0), (new { gte = 2000, lt = 2004.5 }, 1), (new { gt = 2004 }, 0), (new object[] { 1999, new { lte = 2004 } }, 1) })
{
    var hits = (await client.SearchImagesAsync(new ImageSearchRequest { Caption = "a cube", Filter = new Dictionary<string, object> { ["made"] = "nswag", ["year"] = condition, ["open"] = true } })).Hits.Count;
    Console.WriteLine($"nswag: year    {JsonSerializer.Serialize(condition)} {hits} hits");
    if (hits != found)
    {
        return 1;
    }
}

await client.DeleteImageAsync(Made);
try
{
    var run = await client.StartIngestionAsync(new IngestionRequest { Source = new IngestionSourceRequest { Folder = "corpus", Split = "test", Metadata = "metadata.jsonl" }, Restart = true });
    while (run.State == "running")
    {
        await Task.Delay(200);
        run = await client.GetIngestionAsync(run.Id);
    }

    Console.WriteLine($"nswag: run     {run.State}, {run.Skipped} skipped; recognised: {string.Join("; ", run.Recognised)}; {run.Warnings.Count} warnings, {run.Reasons.Sum(reason => reason.Count)} rejects of {run.Reasons.Count} reasons");
}
catch (ApiException<Problem> refused) when (refused.StatusCode is 400 or 403)
{
    Console.WriteLine($"nswag: run     {refused.StatusCode} {refused.Result.Detail}");
}

Console.WriteLine($"nswag: like    {(await client.SearchImagesAsync(new ImageSearchRequest { ImageId = id, Top = 1 })).Hits.First().Id}");
Console.WriteLine($"nswag: explain {(await client.ExplainAsync(new ExplainRequest { ImageId = id, Caption = "a striped red cube" })).Outputs.First().Name}");
try
{
    await client.SearchImagesAsync(new ImageSearchRequest { Caption = "a striped red cube", Top = 0 });
    return 1;
}
catch (ApiException<Problem> refused)
{
    Console.WriteLine($"nswag: refused {refused.StatusCode} {refused.Result.Field}: {refused.Result.Detail}");
    return 0;
}
CS

project kiota Microsoft.Kiota.{Abstractions,Http.HttpClientLibrary,Serialization.{Json,Text,Form,Multipart}}
cat >kiota/Program.cs <<'CS'
using System.Runtime.InteropServices;
using Client;
using Client.Models;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Abstractions.Serialization;
using Microsoft.Kiota.Http.HttpClientLibrary;

var client = new RetrievalClient(new HttpClientRequestAdapter(new AnonymousAuthenticationProvider()) { BaseUrl = args[0] });
var images = (await client.V1.Search.Images.PostAsync(new ImageSearchRequest { Caption = "a striped red cube", Top = 2 }))!;
Console.WriteLine($"kiota: images  {string.Join(", ", images.Hits!.Select(hit => $"{hit.Id} {hit.Score}"))}; {images.Query?.Tokens!.Count} words");
var id = images.Hits![0].Id!;
var captions = (await client.V1.Search.Captions.PostAsync(new CaptionSearchRequest { ImageId = id, Top = 1 }))!;
Console.WriteLine($"kiota: captions {string.Join(", ", captions.Hits!.Select(hit => $"{hit.Id} {hit.Score} {hit.Caption}"))}");
var batch = (await client.V1.Search.Batch.PostAsync(new BatchRequest { Queries = [new() { Caption = "a striped red cube", Top = 1 }, new() { ImageId = "nobody" }] }))!;
foreach (var answer in batch.Answers!)
{
    Console.WriteLine($"kiota: batch   {answer.SearchResponse?.Hits?[0].Id ?? answer.Problem?.Detail}");
}

var range = new UntypedObject(new Dictionary<string, UntypedNode> { ["gte"] = new UntypedInteger(2000), ["lt"] = new UntypedDouble(2010.5) });
var none = (await client.V1.Search.Images.PostAsync(new ImageSearchRequest { Caption = "a cube", Filter = new() { AdditionalData = new Dictionary<string, object> { ["split"] = "no such", ["open"] = true, ["size"] = 3, ["year"] = range } } }))!;
Console.WriteLine($"kiota: filter  {none.Hits!.Count} hits");
Console.WriteLine($"kiota: image   {(await client.V1.Images[id].GetAsync())!.Captions!.Count} captions");
var page = (await client.V1.Search.Images.PostAsync(new ImageSearchRequest { Caption = "a striped red cube", Top = 1, Offset = 1 }))!;
Console.WriteLine($"kiota: page    {page.Hits![0].Rank} {page.Hits[0].Id}");
foreach (var index in (await client.V1.Model.GetAsync())!.Further!)
{
    var other = (await client.V1.Search.Images.PostAsync(new ImageSearchRequest { Caption = "a striped red cube", Top = 1, Index = index.Name }))!;
    Console.WriteLine($"kiota: index   {other.Index}: {other.Hits![0].Id} of {index.Images}");
}

var listed = (await client.V1.Images.GetAsync(request => request.QueryParameters.Limit = 2))!;
Console.WriteLine($"kiota: list    {string.Join(", ", listed.Images!.Select(image => $"{image.Id} {image.Captions}"))}; next {listed.Next}");
var regions = (await client.V1.Model.GetAsync())!.Regions!;
var features = MemoryMarshal.AsBytes(Enumerable.Range(0, regions.Count!.Value * regions.Width!.Value).Select(i => i % 13 / 6f).ToArray().AsSpan()).ToArray();
Console.WriteLine($"kiota: features {(await client.V1.Search.Captions.PostAsync(new CaptionSearchRequest { Features = features, Top = 1 }))!.Hits![0].Caption}");
const string Made = "clients/kiota";
await client.V1.Images[Made].PutAsync(new ImageRequest { Features = features, Captions = ["a striped red cube"], Metadata = new() { AdditionalData = new Dictionary<string, object> { ["made"] = "kiota", ["year"] = 2004, ["size"] = 2.5, ["open"] = true } } });
var metadata = (await client.V1.Images[Made].GetAsync())!.Metadata!.AdditionalData;
Console.WriteLine($"kiota: metadata {string.Join(", ", metadata.Select(pair => $"{pair.Key} {pair.Value} {pair.Value.GetType().Name}"))}");
if (metadata["open"] is not true || metadata["made"] is not "kiota" || Convert.ToDouble(metadata["year"]) != 2004 || Convert.ToDouble(metadata["size"]) != 2.5)
{
    return 1;
}

UntypedObject Range(string least, UntypedNode from, string most, UntypedNode to) => new(new Dictionary<string, UntypedNode> { [least] = from, [most] = to });
foreach (var (condition, found) in new (object, int)[]
{
    (2004, 1), (2005, 0), (Range("gte", new UntypedInteger(2000), "lt", new UntypedDouble(2004.5)), 1), (Range("gt", new UntypedInteger(2004), "lte", new UntypedInteger(2010)), 0),
    (new UntypedArray([new UntypedInteger(1999), Range("gte", new UntypedInteger(2000), "lte", new UntypedInteger(2004))]), 1),
})
{
    var hits = (await client.V1.Search.Images.PostAsync(new ImageSearchRequest { Caption = "a cube", Filter = new() { AdditionalData = new Dictionary<string, object> { ["made"] = "kiota", ["year"] = condition, ["open"] = true } } }))!.Hits!.Count;
    Console.WriteLine($"kiota: year    {condition.GetType().Name} {hits} hits, expected {found}");
    if (hits != found)
    {
        return 1;
    }
}

await client.V1.Images[Made].DeleteAsync();
try
{
    var run = (await client.V1.Ingestions.PostAsync(new IngestionRequest { Source = new IngestionSourceRequest { Folder = "corpus", Split = "test", Metadata = "metadata.jsonl" }, Restart = true }))!;
    while (run.State == "running")
    {
        await Task.Delay(200);
        run = (await client.V1.Ingestions[run.Id!].GetAsync())!;
    }

    Console.WriteLine($"kiota: run     {run.State}, {run.Skipped} skipped; recognised: {string.Join("; ", run.Recognised!)}; {run.Warnings!.Count} warnings, {run.Reasons!.Sum(reason => reason.Count)} rejects of {run.Reasons!.Count} reasons");
}
catch (Problem refused) when (refused.Status is 400 or 403)
{
    Console.WriteLine($"kiota: run     {refused.Status} {refused.Detail}");
}

Console.WriteLine($"kiota: like    {(await client.V1.Search.Images.PostAsync(new ImageSearchRequest { ImageId = id, Top = 1 }))!.Hits![0].Id}");
Console.WriteLine($"kiota: explain {(await client.V1.Explain.PostAsync(new ExplainRequest { ImageId = id, Caption = "a striped red cube" }))!.Outputs![0].Name}");
try
{
    await client.V1.Search.Images.PostAsync(new ImageSearchRequest { Caption = "a striped red cube", Top = 0 });
    return 1;
}
catch (Problem refused)
{
    Console.WriteLine($"kiota: refused {refused.Status} {refused.Field}: {refused.Detail}");
    return 0;
}
CS

for client in nswag kiota; do
  dotnet build "$client" -v q -clp:NoSummary
  dotnet "$client/bin/Debug/net10.0/$client.dll" "$url"
done
