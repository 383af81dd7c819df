"""The codes of regions where people use them (D26): "California" is CA; some databases know only names."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_CODES = {
    "AU": "ACT Australian Capital Territory;NSW New South Wales;NT Northern Territory;QLD Queensland;"
    "SA South Australia;TAS Tasmania;VIC Victoria;WA Western Australia",
    "BR": "AC Acre;AL Alagoas;AM Amazonas;AP Amapá;BA Bahia;CE Ceará;DF Distrito Federal;DF Federal District;"
    "ES Espírito Santo;GO Goiás;MA Maranhão;MG Minas Gerais;MS Mato Grosso do Sul;MT Mato Grosso;PA Pará;"
    "PB Paraíba;PE Pernambuco;PI Piauí;PR Paraná;RJ Rio de Janeiro;RN Rio Grande do Norte;RO Rondônia;"
    "RR Roraima;RS Rio Grande do Sul;SC Santa Catarina;SE Sergipe;SP São Paulo;TO Tocantins",
    "CA": "AB Alberta;BC British Columbia;MB Manitoba;NB New Brunswick;NL Newfoundland and Labrador;"
    "NL Newfoundland;NS Nova Scotia;NT Northwest Territories;NU Nunavut;ON Ontario;PE Prince Edward Island;"
    "QC Quebec;SK Saskatchewan;YT Yukon;YT Yukon Territory",
    "IN": "AN Andaman and Nicobar Islands;AN Andaman and Nicobar;AP Andhra Pradesh;AR Arunachal Pradesh;"
    "AS Assam;BR Bihar;CH Chandigarh;CG Chhattisgarh;DH Dadra and Nagar Haveli and Daman and Diu;"
    "DH Dadra and Nagar Haveli;DH Daman and Diu;DL Delhi;DL National Capital Territory of Delhi;DL NCT;"
    "GA Goa;GJ Gujarat;HP Himachal Pradesh;HR Haryana;JH Jharkhand;JK Jammu and Kashmir;KA Karnataka;"
    "KL Kerala;LA Ladakh;LD Lakshadweep;MH Maharashtra;ML Meghalaya;MN Manipur;MP Madhya Pradesh;MZ Mizoram;"
    "NL Nagaland;OD Odisha;OD Orissa;PB Punjab;PY Puducherry;PY Pondicherry;RJ Rajasthan;SK Sikkim;"
    "TG Telangana;TN Tamil Nadu;TR Tripura;UK Uttarakhand;UK Uttaranchal;UP Uttar Pradesh;WB West Bengal",
    "MX": "AGU Aguascalientes;BCN Baja California;BCS Baja California Sur;CAM Campeche;CHH Chihuahua;"
    "CHP Chiapas;CMX Mexico City;CMX Ciudad de México;CMX Distrito Federal;COA Coahuila;"
    "COA Coahuila de Zaragoza;COL Colima;DUR Durango;GRO Guerrero;GUA Guanajuato;HID Hidalgo;JAL Jalisco;"
    "MEX México;MEX State of Mexico;MEX Estado de México;MIC Michoacán;MIC Michoacán de Ocampo;MOR Morelos;"
    "NAY Nayarit;NLE Nuevo León;OAX Oaxaca;PUE Puebla;QUE Querétaro;ROO Quintana Roo;SIN Sinaloa;"
    "SLP San Luis Potosí;SON Sonora;TAB Tabasco;TAM Tamaulipas;TLA Tlaxcala;VER Veracruz;"
    "VER Veracruz de Ignacio de la Llave;YUC Yucatán;ZAC Zacatecas",
    "US": "AK Alaska;AL Alabama;AR Arkansas;AS American Samoa;AZ Arizona;CA California;CO Colorado;"
    "CT Connecticut;DC District of Columbia;DC Washington, D.C.;DE Delaware;FL Florida;GA Georgia;GU Guam;"
    "HI Hawaii;IA Iowa;ID Idaho;IL Illinois;IN Indiana;KS Kansas;KY Kentucky;LA Louisiana;MA Massachusetts;"
    "MD Maryland;ME Maine;MI Michigan;MN Minnesota;MO Missouri;MP Northern Mariana Islands;MS Mississippi;"
    "MT Montana;NC North Carolina;ND North Dakota;NE Nebraska;NH New Hampshire;NJ New Jersey;NM New Mexico;"
    "NV Nevada;NY New York;OH Ohio;OK Oklahoma;OR Oregon;PA Pennsylvania;PR Puerto Rico;RI Rhode Island;"
    "SC South Carolina;SD South Dakota;TN Tennessee;TX Texas;UT Utah;VA Virginia;VI U.S. Virgin Islands;"
    "VT Vermont;WA Washington;WI Wisconsin;WV West Virginia;WY Wyoming",
}


def region_code(country: str, name: str) -> str | None:
    """The code of a region by its name, whatever its accents and letter case; `None` where none is used.

    >>> region_code("US", "California"), region_code("BR", "Sao Paulo"), region_code("IE", "Leinster")
    ('CA', 'SP', None)
    """
    return _by_name().get((country, _plain(name)))


@cache
def _by_name() -> dict[tuple[str, str], str]:
    return {
        (country, _plain(name)): code
        for country, lines in _CODES.items()
        for code, _, name in (line.partition(" ") for line in lines.split(";"))
    }


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return " ".join(re.findall(r"[a-z]+", "".join(c for c in decomposed if not unicodedata.combining(c))))
