"""What synthetic tutors are called and where they live; none of them exists."""

_GIVEN = """
    Abigail Adam Aisha Alan Alice Amara Amir Ana Andre Angela Anita Anton Aria Arthur Astrid Ben
    Bianca Boris Brenda Bruno Camila Carla Carlos Cecilia Chen Chloe Clara Colin Dalia Daniel Daria
    David Deepa Diego Dina Dora Edith Elena Eli Emeka Emil Emma Erik Esther Eva Fatima Felix Fiona
    Frank Freya Gavin George Gina Grace Greta Hana Hassan Helen Henry Hugo Ian Ida Igor Imani Ines
    Irene Isaac Ivan Ivy Jack Jana Jasper Javier Jin Joan Jonas Jorge Julia Kai Karen Karl Kemal
    Kira Kofi Laila Lars Laura Leo Lena Liam Lina Lucas Lucia Luis Maeve Malik Mara Marco Maria
    Martin Maya Mei Mila Milan Mina Mohan Nadia Naomi Nils Nina Noah Nora Olga Oliver Omar Oscar
    Paula Pedro Petra Priya Quinn Rafael Ravi Rita Rosa Ruth Samir Sara Selma Simon Sofia Stella
    Sven Tara Tessa Theo Thomas Tia Tobias Uma Vera Victor Viola Walid Wanda Yara Yusuf Zoe
"""
_FAMILY = """
    Abbott Acosta Adler Ahmed Akers Alder Alvarez Andrade Arnold Asher Atwood Bailey Baker Banerjee
    Barnes Bauer Becker Bell Berg Bishop Blake Bond Bowen Brandt Brooks Burke Byrne Calder Campos
    Cardoso Carter Castillo Chan Chapman Chen Clarke Cohen Cole Cooper Cortez Costa Cruz Daly Das
    Dawson Decker Delgado Desai Diaz Dixon Doyle Drake Duarte Dunn Eaton Egan Ellis Emerson Engel
    Espinoza Evans Farrell Fischer Fletcher Flores Foster Fox Frank Fuentes Garcia Gibson Gill
    Goldman Gomez Gordon Grant Gray Greene Gupta Haas Hale Hansen Harper Hart Hassan Hayes Hoffman
    Holt Hughes Hunt Ibrahim Ito Iyer Jacobs James Jensen Jordan Joshi Kaplan Kaur Keller Kelly
    Khan Kim Klein Koch Kumar Lambert Lang Larsen Lee Lewis Lin Lindgren Lopez Lowe Lund Malone
    Mann Marsh Martinez Mehta Meyer Miles Moreno Morgan Moss Murphy Nair Navarro Nguyen Nielsen
    Novak Nunez Okafor Oliver Ortiz Osborne Owens Park Patel Pereira Perry Porter Quist Ramos Rao
    Reed Reyes Rhodes Rivera Romero Rowe Russo Salazar Sato Schmidt Shah Sharma Silva Singh Soto
    Stein Stone Suzuki Tan Thorne Torres Tran Turner Vargas Vega Vogel Wagner Walsh Ward Weber
    Wells West Wolf Wong Wood Wright Wu Yamada Yang Young Zhang Zimmer
"""
GIVEN, FAMILY = tuple(_GIVEN.split()), tuple(_FAMILY.split())
PLACES = (
    "Albany, NY", "Ann Arbor, MI", "Asheville, NC", "Athens, GA", "Austin, TX", "Bellingham, WA",
    "Bend, OR", "Boise, ID", "Boulder, CO", "Bozeman, MT", "Burlington, VT", "Charleston, SC",
    "Chattanooga, TN", "Columbia, MO", "Concord, NH", "Davis, CA", "Denton, TX", "Duluth, MN",
    "Durham, NC", "Eugene, OR", "Fargo, ND", "Fort Collins, CO", "Gainesville, FL", "Ithaca, NY",
    "Lancaster, PA", "Las Cruces, NM", "Lawrence, KS", "Lexington, KY", "Lincoln, NE",
    "Madison, WI", "Missoula, MT", "New Haven, CT", "Norman, OK", "Olympia, WA", "Portland, ME",
    "Provo, UT", "Reno, NV", "Salem, OR", "Savannah, GA", "Spokane, WA", "Tempe, AZ",
    "Tucson, AZ",
)  # fmt: skip
